// SPDX-License-Identifier: Apache-2.0

package import Certificates
import FoundationEssentials
package import HTTPTransport
import Host
package import Keystores
import OpenSSLBridge
package import ServiceKeys
package import Settings

/// Tries a service key's new identity against the platform, as its consumer will use it, before anything relies on it.
package struct IdentityVerifier: Sendable {
  package enum Verdict: Sendable, Equatable {
    /// With what was asked and answered: one sentence without its full stop.
    case accepted(String)
    /// The platform answered, by a status or a TLS alert, that it does not accept the identity.
    case refused(String)
    /// No answer tells; it is tried again.
    case inconclusive(Culprit, String)
  }

  private let client: HTTPClient
  private let credentials: CredentialStore
  private let trust: HTTPTrust

  package init(client: HTTPClient, credentials: CredentialStore, trust: HTTPTrust = .system) {
    self.client = client
    self.credentials = credentials
    self.trust = trust
  }

  /// Verifies as the service key's `verify` says.
  ///
  /// - Throws: `CancellationError` when the task was cancelled meanwhile: that says nothing about the identity.
  package func verify(
    _ identity: Identity, _ document: ServiceKeyDocument, _ settings: ServiceKeySettings
  ) async throws(CancellationError) -> Verdict {
    try await verify(identity, tokenURL: document.tokenURL, clientID: document.clientID, settings)
  }

  /// Verifies as the service key's `verify` says, an identity of which the ledger knows where it is used.
  ///
  /// - Throws: `CancellationError` when the task was cancelled meanwhile.
  func verify(
    _ identity: Identity, tokenURL: String?, clientID: String?, _ settings: ServiceKeySettings
  ) async throws(CancellationError) -> Verdict {
    switch settings.verify {
    case .none: return .accepted("nothing was asked, since the service key has verify: none")
    case .token:
      guard let url = tokenURL, let clientID else {
        return .refused("the service key names no token endpoint or client: set verify: none, or verify a request")
      }
      return try await send(
        method: .post, url: url,
        headers: [
          HTTPHeader("Content-Type", "application/x-www-form-urlencoded"), HTTPHeader("Accept", "application/json"),
        ], body: .bytes(Self.tokenForm(clientID: clientID)), identity, settings, judge: Self.judgeToken)
    case .request(let url, let method):
      // What modifies would not be answered with a token, and is not to be taken for one who asks for it.
      let asksForToken = method == .head || method == .get
      return try await send(
        method: HTTPMethod(method), url: url, headers: asksForToken ? [HTTPHeader("X-CSRF-Token", "Fetch")] : [],
        body: .none, discardsBody: true, identity, settings, judge: Self.judgeRequest)
    }
  }

  /// What the answer of a token endpoint says of the client certificate (RFC 6749, section 5; RFC 8705, section 2).
  package static func judgeToken(_ response: HTTPResponse) -> Verdict {
    switch response.status {
    case 200: .accepted("the token endpoint answered 200")
    case 400, 401, 403: .refused("the token endpoint answered \(response.status)\(explanation(response))")
    default: .inconclusive(.platform, "the token endpoint answered \(response.status)")
    }
  }

  /// What the answer to a request says of the client certificate: 401 alone speaks against it; whoever answers 403 or 405
  /// has let it pass and minds something else.
  package static func judgeRequest(_ response: HTTPResponse) -> Verdict {
    switch response.status {
    case 200..<300: .accepted("the server answered \(response.status)")
    case 403, 405, 500:
      .accepted("the server answered \(response.status), which minds something else than the certificate")
    case 401: .refused("the server answered 401: it does not know the certificate, or nobody passed it on")
    default: .inconclusive(.platform, "the server answered \(response.status)")
    }
  }

  private func send(
    method: HTTPMethod, url: String, headers: [HTTPHeader], body: HTTPBody,
    discardsBody: Bool = false, _ identity: Identity, _ settings: ServiceKeySettings, judge: (HTTPResponse) -> Verdict
  ) async throws(CancellationError) -> Verdict {
    do {
      let request = HTTPRequest(
        method: method, url: url, headers: headers, body: body,
        clientIdentity: try identity.clientPEM(), trust: trust,
        route: try ServiceKeyRoutes(settings, credentials).route(to: url), deadline: Self.deadline,
        responseLimit: Self.responseLimit,
        discardsBody: discardsBody)
      return judge(try await client.send(request))
    } catch HTTPFailure.identityRefused(let host, let detail) {
      return .refused("\(HTTPFailure.identityRefused(host: host, detail: detail))")
    } catch let failure as HTTPFailure {
      if failure == .cancelled { throw CancellationError() }
      return .inconclusive(failure.culprit, failure.description)
    } catch let error as CredentialError {
      return .inconclusive(error.culprit, error.description)
    } catch {
      return .inconclusive(.host, String(describing: error))
    }
  }

  /// `client_id` holds `!` and `|` in practice, so everything but the unreserved characters is escaped
  /// (RFC 6749, appendix B).
  private static func tokenForm(clientID: String) -> [UInt8] {
    var form = Array("grant_type=client_credentials&client_id=".utf8)
    for byte in clientID.utf8 {
      let character = Character(Unicode.Scalar(byte))
      if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
        form.append(byte)
      } else {
        form += Array("%".utf8) + Array(Hexadecimal.upper(byte).utf8)
      }
    }
    return form
  }

  /// The standard's own words for an error, where the answer has them; never anything else of the body.
  private static func explanation(_ response: HTTPResponse) -> String {
    struct Answer: Decodable {
      let error: String?
      let errorDescription: String?
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let answer = try? decoder.decode(Answer.self, from: Data(response.body.copyBytes())) else { return "" }
    let words = [answer.error, answer.errorDescription].compactMap { $0.map(plain) }.filter { !$0.isEmpty }
    return words.isEmpty ? "" : ": \(words.joined(separator: ", "))"
  }

  /// The characters that RFC 6749, section 5.2, allows in both values, at most ``explanationLength`` of them and no full
  /// stop at the end: the sentence goes on with it.
  private static func plain(_ text: String) -> String {
    var plain = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x20...0x21, 0x23...0x5B, 0x5D...0x7E: plain.unicodeScalars.append(scalar)
      default: continue
      }
      guard plain.utf8.count < explanationLength else { break }
    }
    while let last = plain.last, last == "." || last == " " { plain.removeLast() }
    return plain
  }

  private static let deadline = Duration.seconds(30)
  private static let responseLimit = 256 * 1024
  /// Characters.
  private static let explanationLength = 160
}

extension HTTPMethod {
  fileprivate init(_ method: VerifySettings.Method) {
    switch method {
    case .head: self = .head
    case .get: self = .get
    case .options: self = .options
    case .post: self = .post
    case .put: self = .put
    case .patch: self = .patch
    case .delete: self = .delete
    }
  }
}
