// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

/// Attempts to connect to several addresses, staggered, of which the first to succeed wins (RFC 8305, section 5).
struct ConnectRace {
  typealias Instant = ContinuousClock.Instant

  /// In the order in which they are tried.
  let addresses: [SocketAddress]
  /// Indices into `addresses` of attempts that are under way.
  private(set) var open: [Int] = []
  private(set) var failures: [(attempt: Int, errno: Errno)] = []
  private var next = 0
  private var nextStart: Instant?

  /// RFC 8305, section 8: "Connection Attempt Delay", recommended 250 ms.
  static let stagger: Duration = .milliseconds(250)
  /// More addresses than this are not tried for one answer.
  static let attemptLimit = 8

  init(addresses: [SocketAddress]) {
    self.addresses = Array(Self.alternatingFamilies(addresses).prefix(Self.attemptLimit))
  }

  /// When the next attempt is due; `nil` when none is left.
  var nextEvent: Instant? { next < addresses.count ? nextStart : nil }

  /// Whether nothing is under way and nothing is left to try.
  var isLost: Bool { open.isEmpty && next == addresses.count }

  /// The attempt to start now, if one is due.
  mutating func attemptDue(_ now: Instant) -> Int? {
    guard next < addresses.count, nextStart.map({ $0 <= now }) ?? true else { return nil }
    let attempt = next
    next += 1
    open.append(attempt)
    nextStart = now + Self.stagger
    return attempt
  }

  /// Notes a failure, after which the next attempt is due at once; false for an attempt that is not under way.
  mutating func failed(_ attempt: Int, _ errno: Errno) -> Bool {
    guard let index = open.firstIndex(of: attempt) else { return false }
    open.remove(at: index)
    failures.append((attempt, errno))
    nextStart = nil
    return true
  }

  /// The failure that says most: one by which a peer or a router has answered, rather than this host's lack of a route,
  /// which on hosts without IPv6 is the fate of every IPv6 address.
  var tellingFailure: (attempt: Int, errno: Errno)? {
    let silent: Set<Errno> = [.networkUnreachable, .addressNotAvailable, .addressFamilyNotSupported]
    return failures.first { !silent.contains($0.errno) } ?? failures.first
  }

  /// RFC 8305, section 4: the families take turns, beginning with the one the resolver put first.
  static func alternatingFamilies(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard let first = addresses.first else { return [] }
    let preferred = addresses.filter { $0.family == first.family }
    let others = addresses.filter { $0.family != first.family }
    var result: [SocketAddress] = []
    for index in 0..<max(preferred.count, others.count) {
      if index < preferred.count { result.append(preferred[index]) }
      if index < others.count { result.append(others[index]) }
    }
    return result
  }
}
