// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTransport
import Host

/// A request for a token, as the UAA and the platform's other token endpoints take it (RFC 6749, sections 4.3, 4.4 and 6;
/// `api/uaa/auth.go` and `refresh_token.go` of cloudfoundry/cli).
struct UAAGrant: Sendable {
  private var form: SecretBytes
  private var authorization: SecretBytes?
  private var query = ""
  private var identity: SecretBytes?

  struct Answer: Sendable {
    /// The value of `Authorization`.
    var header: SecretBytes
    /// Seconds.
    var lifetime: Int
    var refreshToken: SecretBytes?
  }

  /// The first request of a session; for a passcode, the passcode is fetched first.
  static func login(_ method: LoginMethod, _ network: PlatformNetwork) async throws(PlatformFailure) -> UAAGrant {
    switch method {
    case .password(let user, let password, let origin): return grant(user: user, password: password, origin: origin)
    case .passcode(let passcode):
      let code = try await IASPasscode.fetch(passcode, network)
      return grant(user: passcode.user, password: code, origin: passcode.origin)
    case .clientSecret(let clientID, let secret):
      var form = SecretForm()
      form.add("grant_type", "client_credentials")
      form.add("client_id", clientID)
      form.add("client_secret", secret)
      return UAAGrant(form: form.finish())
    case .clientCertificate(let clientID, let identity):
      var form = SecretForm()
      form.add("grant_type", "client_credentials")
      form.add("client_id", clientID)
      return UAAGrant(form: form.finish(), identity: identity)
    }
  }

  static func refresh(_ token: SecretBytes) -> UAAGrant {
    var form = SecretForm()
    form.add("grant_type", "refresh_token")
    form.add("refresh_token", token)
    return UAAGrant(form: form.finish(), authorization: publicClient)
  }

  func send(to endpoint: String, over network: PlatformNetwork) async throws(PlatformFailure) -> Answer {
    var headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded")]
    if let authorization { headers.append(HTTPHeader("Authorization", secret: authorization)) }
    let call = PlatformCall(
      method: .post, url: endpoint + query, headers: headers, body: .secret(form), clientIdentity: identity,
      purpose: "logging in")
    let body = try call.decode(
      Body.self, from: try await call.perform(over: network), what: "the answer of the token endpoint")
    guard (body.tokenType ?? "bearer").lowercased() == "bearer", !body.accessToken.isEmpty else {
      throw .malformed("the token endpoint gave no bearer token")
    }
    // Long lives are believed up to a day.
    return Answer(
      header: SecretBytes(copying: "bearer \(body.accessToken)".utf8),
      lifetime: min(max(0, body.lifetime ?? 600), 86_400),
      refreshToken: body.refreshToken.flatMap { $0.isEmpty ? nil : SecretBytes(copying: $0.utf8) })
  }

  private static func grant(user: String, password: SecretBytes, origin: String?) -> UAAGrant {
    var form = SecretForm()
    form.add("grant_type", "password")
    form.add("username", user)
    form.add("password", password)
    let hint = origin.map { "?login_hint=" + SecretForm.escape("{\"origin\":\"\($0)\"}") } ?? ""
    return UAAGrant(form: form.finish(), authorization: publicClient, query: hint)
  }

  /// The client `cf` with an empty secret: public, as the command line client of Cloud Foundry uses it.
  private static let publicClient = SecretBytes(copying: "Basic Y2Y6".utf8)

  private struct Body: Decodable {
    var accessToken: String
    var tokenType: String?
    var lifetime: Int?
    var refreshToken: String?

    enum CodingKeys: String, CodingKey {
      case accessToken = "access_token"
      case tokenType = "token_type"
      case lifetime = "expires_in"
      case refreshToken = "refresh_token"
    }
  }
}
