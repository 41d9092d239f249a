// SPDX-License-Identifier: Apache-2.0

package import HTTPTransport
package import Host

/// What sends requests; `HTTPClient` is the one that does.
package protocol HTTPSending: Sendable {
  /// Sends one request and gathers its response, whatever its status.
  func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}

extension HTTPClient: HTTPSending {}

/// How the platform is reached, and by which clocks its answers are judged.
package struct PlatformNetwork: Sendable {
  /// How a call gets to its URL: API, login hosts and tenants may be reached in different ways.
  package typealias Route = @Sendable (_ url: String) throws(PlatformFailure) -> HTTPRoute

  package var client: any HTTPSending
  package var route: Route
  package var trust: HTTPTrust
  /// For one request, from name look-up to the last byte.
  package var deadline: Duration
  /// For `Retry-After` as a date, and for the end of tokens.
  package var wallClock: any WallClock
  /// For pauses between attempts.
  package var clock: any Clock<Duration>

  package init(
    client: any HTTPSending, route: @escaping Route = { _ in .direct }, trust: HTTPTrust = .system,
    deadline: Duration = .seconds(60), wallClock: any WallClock = SystemWallClock(),
    clock: any Clock<Duration> = ContinuousClock()
  ) {
    self.client = client
    self.route = route
    self.trust = trust
    self.deadline = deadline
    self.wallClock = wallClock
    self.clock = clock
  }
}
