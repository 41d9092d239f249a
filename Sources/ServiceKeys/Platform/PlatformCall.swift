// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import Host

/// One call of the platform, tried as ``RetryPolicy`` allows.
struct PlatformCall: Sendable {
  var method: HTTPMethod = .get
  var url: String
  var headers: [HTTPHeader] = []
  var body: HTTPBody = .none
  var clientIdentity: SecretBytes?
  /// What it does, for a sentence: "listing the keys of …".
  var purpose: String

  /// Sends it with a token of `tokens`, or without one, until there is a response with a status of 2xx.
  func perform(over network: PlatformNetwork, tokens: LoginSession? = nil) async throws(PlatformFailure) -> HTTPResponse
  {
    var attempt = 1
    var stale: AccessToken?
    while true {
      let token: AccessToken?
      if let tokens { token = try await tokens.token(insteadOf: stale) } else { token = nil }
      let request = try request(token, network)
      let verdict: RetryPolicy.Verdict
      var response: HTTPResponse?
      var failure: HTTPFailure?
      do throws(HTTPFailure) {
        let answer = try await network.client.send(request)
        response = answer
        verdict = RetryPolicy.judge(
          method, status: answer.status, headers: answer.headers, attempt: attempt,
          hasFreshLogin: tokens == nil ? nil : stale != nil, now: network.wallClock.now())
      } catch {
        failure = error
        verdict = RetryPolicy.judge(method, error, attempt: attempt)
      }
      switch verdict {
      case .accept:
        if let response { return response }
        throw .malformed("\(purpose): no response")
      case .again(let pause):
        attempt += 1
        do {
          try await network.clock.sleep(for: pause)
        } catch {
          throw PlatformFailure(.cancelled, .certrotd, "\(purpose) was given up")
        }
      case .logInAgain: stale = token
      case .giveUp(let reason): throw explained(reason, response, failure)
      }
    }
  }

  private func request(
    _ token: AccessToken?, _ network: PlatformNetwork
  ) throws(PlatformFailure) -> HTTPRequest {
    var request = HTTPRequest(
      method: method, url: url, headers: headers + [HTTPHeader("Accept", "application/json")], body: body,
      clientIdentity: clientIdentity, trust: network.trust, route: try network.route(url), deadline: network.deadline,
      responseLimit: BoundedJSON.sizeLimit)
    if let token { request.headers.append(HTTPHeader("Authorization", secret: token.header)) }
    return request
  }

  /// What was called, for a sentence: method, host and path, without the query, which may hold names of others.
  var place: String { "\(method.rawValue) \(url.prefix { $0 != "?" })" }

  /// Reads the answer to this call.
  ///
  /// - Throws: `malformed`, which says what was called.
  func decode<Value: Decodable>(
    _ type: Value.Type, from response: HTTPResponse, what: String
  ) throws(PlatformFailure) -> Value {
    do throws(PlatformFailure) {
      return try BoundedJSON.decode(type, from: response.body, what: what)
    } catch {
      throw PlatformFailure(error.kind, error.culprit, "\(purpose): \(error.words) (\(place))")
    }
  }

  /// The credentials that are the answer to this call, once they can be read to their end.
  ///
  /// - Throws: `malformed` for what is broken off or no JSON.
  func readable(_ response: HTTPResponse) throws(PlatformFailure) -> SecretBytes {
    do throws(ServiceKeyError) {
      try ServiceKeyReader.examine(response.body)
    } catch {
      throw .malformed("\(purpose): \(error.answer) (\(place))")
    }
    return response.body
  }

  private func explained(
    _ reason: RetryPolicy.GivingUp, _ response: HTTPResponse?, _ failure: HTTPFailure?
  ) -> PlatformFailure {
    if let failure {
      return PlatformFailure(
        reason.kind, reason.culprit, "\(purpose): \(PlatformWords.clean(failure.description))",
        retryAfter: reason.retryAfter, mayHaveHappened: reason.mayHaveHappened)
    }
    guard let response else { return .malformed(purpose) }
    let complaint = PlatformComplaint(response)
    let kind = complaint.kind(unless: reason.kind)
    let culprit: Culprit =
      switch kind {
      case reason.kind: reason.culprit
      case .unauthorized: .configuration
      default: .platform
      }
    let advice =
      kind == .forbidden ? "; give the login the role that this takes, such as that of a Space Developer" : ""
    return PlatformFailure(
      kind, culprit, "\(purpose): \(complaint.sentence(of: place))\(advice)",
      retryAfter: reason.retryAfter, mayHaveHappened: reason.mayHaveHappened)
  }
}
