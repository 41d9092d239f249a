// SPDX-License-Identifier: Apache-2.0

package import Certificates
import FoundationEssentials
package import Host

/// The credentials by which a Service Manager is used: the content of `binding-file`.
package struct ServiceManagerBinding: Sendable, Equatable {
  /// The API's address.
  package var url: String
  package var tokenURL: String
  package var method: LoginMethod
  /// The client certificate first; empty for a binding with a client secret.
  ///
  /// When it ends, nothing can be renewed any more.
  package var certificates: [Certificate]

  /// Reads a binding of the service manager: bare, or below `credentials`.
  ///
  /// - Throws: `local`, and the culprit is the configuration; the words do not name the file.
  package static func read(_ file: SecretBytes) throws(PlatformFailure) -> ServiceManagerBinding {
    let members: Members
    do throws(PlatformFailure) {
      let wrapped = try BoundedJSON.decode(Wrapper.self, from: file, what: "the binding")
      if let inner = wrapped.credentials {
        members = inner
      } else {
        members = try BoundedJSON.decode(Members.self, from: file, what: "the binding")
      }
    } catch {
      throw wrong(error.words)
    }
    guard let address = PlatformAddress(members.api), let clientID = members.clientid, !clientID.isEmpty else {
      throw wrong("the binding names no service manager: 'sm_url' and 'clientid' are needed")
    }
    if let secret = members.clientsecret {
      guard let url = members.url, address.neighbour(url) != nil else {
        throw wrong("the binding names no token endpoint in 'url'")
      }
      return ServiceManagerBinding(
        url: address.origin, tokenURL: PlatformAddress.withoutSlash(url) + "/oauth/token",
        method: .clientSecret(clientID: clientID, secret: SecretBytes(copying: secret.utf8)), certificates: [])
    }
    guard members.certificate != nil else {
      throw wrong("the binding has neither 'clientsecret' nor 'certificate' and 'key'")
    }
    let document: ServiceKeyDocument
    do throws(ServiceKeyError) {
      document = try ServiceKeyReader.read(file)
    } catch {
      throw wrong("\(error)")
    }
    guard let tokenURL = document.tokenURL else { throw wrong("the binding names no token endpoint in 'certurl'") }
    return ServiceManagerBinding(
      url: address.origin, tokenURL: tokenURL,
      method: .clientCertificate(clientID: clientID, identity: document.clientPEM),
      certificates: document.certificates)
  }

  private static func wrong(_ words: String) -> PlatformFailure {
    PlatformFailure(.local, .configuration, words)
  }

  private struct Wrapper: Decodable {
    var credentials: Members?
  }

  private struct Members: Decodable {
    var api: String
    var clientid: String?
    var clientsecret: String?
    var url: String?
    var certificate: String?

    enum CodingKeys: String, CodingKey {
      case clientid, clientsecret, url, certificate
      case api = "sm_url"
    }
  }
}

extension ServiceKeyDocument {
  /// Certificates and private key as one PEM text, as `HTTPRequest.clientIdentity` takes it.
  package var clientPEM: SecretBytes {
    let certificates = certificates.flatMap { Array(PEMBlock($0).text.utf8) }
    let key = privateKeyPEM
    return SecretBytes(count: certificates.count + key.count) { span in
      for (index, byte) in certificates.enumerated() { span[index] = byte }
      key.withSpan { source in
        for index in source.indices { span[certificates.count + index] = source[index] }
      }
    }
  }
}
