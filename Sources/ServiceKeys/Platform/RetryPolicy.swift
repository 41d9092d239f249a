// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
package import HTTPTransport

/// What follows one attempt of a call: the platform's rules, and nothing but them.
///
/// Sources: `middleware/base_rate_limiter.rb` and `errors/v2.yml` of cloudfoundry/cloud_controller_ng, the rate limits
/// and the retry policy of SAP's documentation ("Best Practices When Handling Access Tokens": three attempts, 300 ms
/// doubled for 408, 502, 504 and connections, 1 s trebled for 500 and 503, never for 401 and 403).
package enum RetryPolicy {
  package enum Verdict: Sendable, Hashable {
    case accept
    /// The same again, after this long.
    case again(after: Duration)
    /// The token is not accepted any more: log in afresh, once, and then the same again.
    case logInAgain
    case giveUp(GivingUp)
  }

  package struct GivingUp: Sendable, Hashable {
    package var kind: PlatformFailure.Kind
    package var culprit: Culprit
    /// How long the platform wants not to be asked.
    package var retryAfter: Duration?
    /// Whether the platform may have done what was asked.
    package var mayHaveHappened = false
  }

  /// Judges a response.
  ///
  /// Of the headers only `Retry-After` and `X-Cf-RouterError` matter; `attempt` is 1 for the first;
  /// `hasFreshLogin` says whether the token was obtained for this call, and is nil for a call without token.
  package static func judge(
    _ method: HTTPMethod, status: Int, headers: [HTTPField], attempt: Int, hasFreshLogin: Bool?, now: Date
  ) -> Verdict {
    let retryAfter = field("Retry-After", headers).flatMap(RetryAfter.init)?.wait(from: now, atMost: longestRetryAfter)
    switch status {
    case 200..<300: return .accept
    case 401 where hasFreshLogin == false: return .logInAgain
    case 401: return .giveUp(GivingUp(kind: .unauthorized, culprit: .configuration))
    case 403: return .giveUp(GivingUp(kind: .forbidden, culprit: .configuration))
    // The router knows no such host at the moment: an outage, not an answer (SAP/sap-btp-service-operator does likewise).
    case 404 where field("X-Cf-RouterError", headers)?.lowercased() == "unknown_route":
      return unavailable(method, attempt, step: second, factor: 3, retryAfter)
    case 404, 410: return .giveUp(GivingUp(kind: .missing, culprit: .configuration))
    case 429:
      let pause = retryAfter ?? delay(attempt, first: second, factor: 3)
      // The platform has not looked at the request, so that even a POST may be sent again.
      if attempt < attempts, pause <= longestPause { return .again(after: pause) }
      return .giveUp(GivingUp(kind: .rateLimited, culprit: .platform, retryAfter: retryAfter))
    case 408, 502, 504: return unavailable(method, attempt, step: .milliseconds(300), factor: 2, retryAfter)
    case 500...: return unavailable(method, attempt, step: second, factor: 3, retryAfter)
    case 409: return .giveUp(GivingUp(kind: .nameTaken, culprit: .platform))
    default: return .giveUp(GivingUp(kind: .refused, culprit: .platform))
    }
  }

  /// Judges a call that got no response.
  package static func judge(_ method: HTTPMethod, _ failure: HTTPFailure, attempt: Int) -> Verdict {
    let pause = delay(attempt, first: .milliseconds(300), factor: 2)
    switch failure {
    // Nothing was sent yet.
    case .lookupFailed, .connectFailed, .proxyLookupFailed, .handshakeFailed:
      return attempt < attempts
        ? .again(after: pause) : .giveUp(GivingUp(kind: .unreachable, culprit: failure.culprit))
    case .connectionLost, .notHTTP:
      guard method != .post else { break }
      return attempt < attempts
        ? .again(after: pause) : .giveUp(GivingUp(kind: .unreachable, culprit: failure.culprit))
    // The server was there and judged the proof, or this host found none in it.
    case .identityRefused, .unusableIdentity:
      return .giveUp(GivingUp(kind: .unauthorized, culprit: .configuration))
    // An answer that was made to exhaust whoever reads it is the platform's, like one that says something else.
    case .responseTooLarge, .headersTooLarge:
      return .giveUp(GivingUp(kind: .malformed, culprit: .platform, mayHaveHappened: method == .post))
    case .timedOut, .unexpected: break
    case .cancelled, .shutDown:
      return .giveUp(GivingUp(kind: .cancelled, culprit: failure.culprit, mayHaveHappened: method == .post))
    default: return .giveUp(GivingUp(kind: .unreachable, culprit: failure.culprit))
    }
    return .giveUp(
      GivingUp(kind: .unreachable, culprit: failure.culprit, mayHaveHappened: method == .post))
  }

  private static func unavailable(
    _ method: HTTPMethod, _ attempt: Int, step: Duration, factor: Int, _ retryAfter: Duration?
  ) -> Verdict {
    let pause = retryAfter ?? delay(attempt, first: step, factor: factor)
    // A POST may have been done behind a router that failed only afterwards.
    if method != .post, attempt < attempts, pause <= longestPause { return .again(after: pause) }
    return .giveUp(
      GivingUp(kind: .unavailable, culprit: .platform, retryAfter: retryAfter, mayHaveHappened: method == .post))
  }

  private static func field(_ name: String, _ headers: [HTTPField]) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  private static func delay(_ attempt: Int, first: Duration, factor: Int) -> Duration {
    (1..<max(1, min(attempt, attempts))).reduce(first) { delay, _ in delay * factor }
  }

  /// How often one call is tried.
  package static let attempts = 3
  /// The longest pause within one call; who has to wait longer comes back later.
  package static let longestPause = Duration.seconds(30)
  /// What a platform may ask for at most.
  package static let longestRetryAfter = Duration.seconds(86_400)
  private static let second = Duration.seconds(1)
}
