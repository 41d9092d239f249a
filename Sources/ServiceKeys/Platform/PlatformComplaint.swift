// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Host

/// What the body of a refusing response says, in any of the forms that the platform has.
///
/// Cloud Foundry: `{"errors": [{"code", "title", "detail"}]}`, as `application/json` or, for 429, as `text/plain`;
/// Service Manager: `{"error", "description", "broker_error"}`; token endpoints: `{"error", "error_description"}`
/// (RFC 6749, section 5.2). The router answers HTML, of which nothing is repeated.
struct PlatformComplaint {
  private(set) var status: Int
  private(set) var code: Int?
  /// The error's name, such as `CF-UnprocessableEntity` or `invalid_client`.
  private(set) var title: String?
  private(set) var detail: String?
  /// What the platform's router says of its own failure, such as `unknown_route` (`X-Cf-RouterError` of
  /// cloudfoundry/gorouter); nil for an answer that comes from behind it.
  private(set) var routerError: String?

  init(_ response: HTTPResponse) {
    status = response.status
    routerError = response.header("X-Cf-RouterError").map { PlatformWords.clean($0.lowercased()) }
    let body: Body
    do {
      body = try BoundedJSON.decode(Body.self, from: response.body, what: "the answer")
    } catch {
      // A page of the router or of a proxy: the status has to do.
      return
    }
    if let first = body.errors?.first {
      code = first.code
      title = first.title
      detail = first.detail
    } else {
      title = body.error
      detail = body.errorDescription ?? body.description
      if let broker = body.brokerError {
        detail = [detail, broker.errorMessage, broker.description].compactMap(\.self).joined(separator: "; ")
      }
    }
  }

  /// "answered 422: CF-UnprocessableEntity, The binding name is invalid.", filtered; where the platform gives no reason,
  /// the call has to tell who answered: a router, a proxy, or another service at a wrong address.
  func sentence(of place: String) -> String {
    let words = [title, detail].compactMap(\.self).joined(separator: ", ")
    if let routerError {
      let meaning =
        routerError == "unknown_route"
        ? "it knows no such address, as while an application is replaced; if that lasts, correct the address"
        : "nothing behind it answers (\(routerError))"
      return "the platform's router answered \(status): \(meaning) (\(place))"
    }
    guard words.isEmpty else { return "answered \(status): \(PlatformWords.clean(words))" }
    let redirect = (300..<400).contains(status) ? ", a redirect, which is not followed" : ""
    let meaning =
      switch status {
      case 404: ", and not as the platform does: whatever is at this address, it does not know what was asked for"
      case 502, 503, 504: ", as a router or a proxy does behind which nothing answers"
      default: ""
      }
    return "answered \(status)\(redirect) (\(place))\(meaning)"
  }

  /// Finds in the words what the status does not tell: Cloud Foundry has one code, 10008, for all of these.
  func kind(unless kind: PlatformFailure.Kind) -> PlatformFailure.Kind {
    if kind == .unavailable, code == 10_008 { return .refused }
    if status == 400 || status == 401, let title, Self.refusingTitles.contains(title) { return .unauthorized }
    guard kind == .refused || kind == .nameTaken else { return kind }
    let text = (detail ?? "").lowercased()
    // A key that is being deleted keeps its name; a conflict over an operation is no conflict over a name.
    if text.contains("operation in progress") || text.contains("getting deleted") || text.contains("in progress for") {
      return .busy
    }
    if text.contains("must be unique") || text.contains("already has a key") || text.contains("same name exists") {
      return .nameTaken
    }
    if text.contains("exceeded your"), text.contains("limit") { return .quotaExceeded }
    if text.contains("another operation") || title == "ConcurrencyError" || title == "ConcurrentOperationInProgress" {
      return .busy
    }
    return .refused
  }

  /// Names of errors by which a token endpoint refuses the proof, with 400 as well as with 401 (RFC 6749, section 5.2).
  private static let refusingTitles: Set<String> = ["invalid_grant", "invalid_client", "unauthorized_client"]

  private struct Body: Decodable {
    var errors: [Item]?
    var error: String?
    var errorDescription: String?
    var description: String?
    var brokerError: BrokerError?

    struct Item: Decodable {
      var code: Int?
      var title: String?
      var detail: String?
    }

    struct BrokerError: Decodable {
      var errorMessage: String?
      var description: String?

      enum CodingKeys: String, CodingKey {
        case errorMessage = "ErrorMessage"
        case description = "Description"
      }
    }

    enum CodingKeys: String, CodingKey {
      case errors, error, description
      case errorDescription = "error_description"
      case brokerError = "broker_error"
    }
  }
}
