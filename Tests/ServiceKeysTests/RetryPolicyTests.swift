// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import ServiceKeys
import Testing

struct RetryPolicyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var method: HTTPMethod
    var status: Int
    var headers: [HTTPField] = []
    var attempt = 1
    var isFresh: Bool? = false
    var outcome: String

    var testDescription: String { "\(method.rawValue) \(status), attempt \(attempt): \(outcome)" }
  }

  static let now = Date(timeIntervalSince1970: 1_800_000_000)

  static let cases: [Case] = [
    Case(method: .get, status: 200, outcome: "accept"),
    Case(method: .post, status: 202, outcome: "accept"),
    Case(method: .post, status: 401, outcome: "log in again"),
    Case(method: .post, status: 401, isFresh: true, outcome: "give up: unauthorized, configuration"),
    Case(method: .post, status: 401, isFresh: nil, outcome: "give up: unauthorized, configuration"),
    Case(method: .get, status: 403, outcome: "give up: forbidden, configuration"),
    Case(method: .get, status: 404, outcome: "give up: missing, configuration"),
    Case(method: .delete, status: 410, outcome: "give up: missing, configuration"),
    Case(
      method: .get, status: 404, headers: [HTTPField(name: "x-cf-routererror", value: "unknown_route")],
      outcome: "again after 1.0 seconds"),
    Case(method: .post, status: 429, outcome: "again after 1.0 seconds"),
    Case(method: .get, status: 429, attempt: 2, outcome: "again after 3.0 seconds"),
    Case(method: .get, status: 429, attempt: 3, outcome: "give up: rate-limited, platform"),
    Case(
      method: .post, status: 429, headers: [HTTPField(name: "Retry-After", value: "7")],
      outcome: "again after 7.0 seconds"),
    Case(
      method: .post, status: 429, headers: [HTTPField(name: "Retry-After", value: "1800")],
      outcome: "give up: rate-limited, platform, not before 1800.0 seconds"),
    Case(
      method: .get, status: 429, headers: [HTTPField(name: "Retry-After", value: "Fri, 15 Jan 2027 08:00:20 GMT")],
      outcome: "again after 20.0 seconds"),
    Case(
      method: .get, status: 429, headers: [HTTPField(name: "Retry-After", value: "Fri, 15 Jan 2027 09:00:00 GMT")],
      outcome: "give up: rate-limited, platform, not before 3600.0 seconds"),
    Case(method: .get, status: 502, outcome: "again after 0.3 seconds"),
    Case(method: .delete, status: 504, attempt: 2, outcome: "again after 0.6 seconds"),
    Case(method: .get, status: 502, attempt: 3, outcome: "give up: unavailable, platform"),
    Case(method: .post, status: 502, outcome: "give up: unavailable, platform, may have happened"),
    Case(method: .post, status: 500, outcome: "give up: unavailable, platform, may have happened"),
    Case(method: .get, status: 500, outcome: "again after 1.0 seconds"),
    Case(method: .patch, status: 503, attempt: 2, outcome: "again after 3.0 seconds"),
    Case(method: .post, status: 422, outcome: "give up: refused, platform"),
    Case(method: .post, status: 409, outcome: "give up: name-taken, platform"),
    Case(method: .get, status: 302, outcome: "give up: refused, platform"),
  ]

  @Test(arguments: cases)
  func `each answer has its consequence`(example: Case) {
    let verdict = RetryPolicy.judge(
      example.method, status: example.status, headers: example.headers, attempt: example.attempt,
      hasFreshLogin: example.isFresh, now: Self.now)
    #expect(Self.words(verdict) == example.outcome)
  }

  static let failures: [(HTTPMethod, HTTPFailure, Int, String)] = [
    (.post, .connectFailed(host: "h", detail: "refused"), 1, "again after 0.3 seconds"),
    (.get, .lookupFailed(host: "h"), 2, "again after 0.6 seconds"),
    (.get, .lookupFailed(host: "h"), 3, "give up: unreachable, network"),
    (.get, .responseTooLarge(host: "h", limit: 9), 1, "give up: malformed, platform"),
    (.get, .headersTooLarge(host: "h"), 1, "give up: malformed, platform"),
    (.get, .connectionLost(host: "h", detail: "reset"), 1, "again after 0.3 seconds"),
    (.post, .connectionLost(host: "h", detail: "reset"), 1, "give up: unreachable, server, may have happened"),
    (.post, .timedOut(host: "h", detail: "60 s"), 1, "give up: unreachable, network, may have happened"),
    (.get, .timedOut(host: "h", detail: "60 s"), 1, "give up: unreachable, network"),
    (.get, .untrusted(host: "h", detail: "self-signed"), 1, "give up: unreachable, server"),
    (.post, .identityRefused(host: "h", detail: "alert"), 1, "give up: unauthorized, configuration"),
    (.get, .unusableIdentity(host: "h", detail: "no key"), 1, "give up: unauthorized, configuration"),
    (.post, .shutDown, 1, "give up: cancelled, certrotd, may have happened"),
  ]

  @Test(arguments: failures)
  func `each failure of the network has its consequence`(
    method: HTTPMethod, failure: HTTPFailure, attempt: Int, outcome: String
  ) {
    #expect(Self.words(RetryPolicy.judge(method, failure, attempt: attempt)) == outcome)
  }

  private static func words(_ verdict: RetryPolicy.Verdict) -> String {
    switch verdict {
    case .accept: "accept"
    case .again(let pause): "again after \(pause)"
    case .logInAgain: "log in again"
    case .giveUp(let reason):
      "give up: \(reason.kind.rawValue), \(reason.culprit.rawValue)"
        + (reason.retryAfter.map { ", not before \($0)" } ?? "")
        + (reason.mayHaveHappened ? ", may have happened" : "")
    }
  }
}
