// SPDX-License-Identifier: Apache-2.0

package import Certificates
import FoundationEssentials
package import Host
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import ServiceKeys
import Settings

extension ServiceManagerBinding {
  /// The same Service Manager with a newer client certificate, as long as that one ends later.
  ///
  /// - Parameter own: what the service key that renews this login has in force.
  /// - Returns: the binding itself where it has a client secret, which does not end.
  func renewed(by own: OwnLogin) -> ServiceManagerBinding {
    guard case .clientCertificate = method, let newer = own.certificates.first, let older = certificates.first,
      newer.validity.notAfter > older.validity.notAfter
    else { return self }
    var renewed = self
    renewed.tokenURL = own.tokenURL
    renewed.method = .clientCertificate(clientID: own.clientID, identity: own.identity)
    renewed.certificates = own.certificates
    return renewed
  }
}

/// A login that certrotd renews by itself: the service key of a Service Manager that is made through that Service Manager.
package struct OwnLogin: Sendable {
  package var clientID: String
  package var tokenURL: String
  /// PEM: certificate, issuers, key.
  package var identity: SecretBytes
  /// Leaf first.
  package var certificates: [Certificate]

  /// The identity in force of the service key that renews the login of `source`; nil where none does, and before the first.
  ///
  /// - Throws: ``PlatformFailure``, and this host is at fault.
  static func find(
    of source: ServiceManagerSource, _ context: RotationContext
  ) async throws(PlatformFailure) -> OwnLogin? {
    guard let settings = await context.landscape.configuration.serviceKeys.first(where: { $0.renews(source.binding) })
    else { return nil }
    do {
      guard let stored = try await context.ledger.currentIdentity(.serviceKey(settings.name)),
        let clientID = stored.entry.clientID, let tokenURL = stored.entry.tokenURL
      else { return nil }
      let key = try PrivateKey(der: stored.privateKey)
      let identity = Identity(certificate: stored.entry.leaf, key: key, issuers: stored.entry.issuers)
      return OwnLogin(
        clientID: clientID, tokenURL: tokenURL, identity: try identity.clientPEM(),
        certificates: [stored.entry.leaf] + stored.entry.issuers)
    } catch {
      throw PlatformFailure(.local, .host, "the identity of service key \(settings.name) cannot be used: \(error)")
    }
  }
}
