// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Host

/// Fetches the passcode that an Identity Authentication tenant gives to the owner of a client certificate:
/// `GET /service/users/passcode` over mutual TLS answers `{"passcode": "…"}` (`internal/btpcli/client.go` of
/// SAP/terraform-provider-btp).
enum IASPasscode {
  static func fetch(
    _ login: LoginMethod.Passcode, _ network: PlatformNetwork
  ) async throws(PlatformFailure) -> SecretBytes {
    let call = PlatformCall(
      url: PlatformAddress.withoutSlash(login.tenant) + "/service/users/passcode", clientIdentity: login.identity,
      purpose: "fetching a passcode")
    let body = try call.decode(Body.self, from: try await call.perform(over: network), what: "the answer of the tenant")
    guard !body.passcode.isEmpty else { throw .malformed("the tenant gave an empty passcode") }
    return SecretBytes(copying: body.passcode.utf8)
  }

  private struct Body: Decodable {
    var passcode: String
  }
}
