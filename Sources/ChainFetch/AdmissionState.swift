// SPDX-License-Identifier: Apache-2.0

/// Who may run: a limit for all and a limit per host, first come, first served among those whose host has room.
struct AdmissionState {
  /// A lower one comes first.
  typealias Ticket = UInt64

  private struct Host {
    var running = 0
    var waiting: [Ticket] = []
    /// Tickets before this one in `waiting` have left.
    var head = 0
    /// Whether the first waiting ticket stands in `ready`.
    var isReady = false
  }

  private struct Ready: Comparable {
    let ticket: Ticket
    let host: String
    static func < (left: Ready, right: Ready) -> Bool { left.ticket < right.ticket }
  }

  let limit: Int
  let limitPerHost: Int
  private(set) var running = 0
  private var hosts: [String: Host] = [:]
  /// The first waiting ticket of each host that has room.
  private var ready = MinimumHeap<Ready>()
  private var withdrawn: Set<Ticket> = []

  init(limit: Int, limitPerHost: Int) {
    self.limit = max(1, limit)
    self.limitPerHost = max(1, limitPerHost)
  }

  /// Asks for room.
  ///
  /// - Parameters:
  ///   - ticket: Never used before.
  ///   - host: The host that the limit per host counts.
  /// - Returns: Whether there is room at once.
  mutating func request(_ ticket: Ticket, host: String) -> Bool {
    hosts[host, default: Host()].waiting.append(ticket)
    offer(host)
    return admit().contains(ticket)
  }

  /// Gives room back.
  ///
  /// - Parameter host: The one it was asked for with.
  /// - Returns: The tickets that are admitted now.
  mutating func release(host: String) -> [Ticket] {
    running -= 1
    hosts[host]?.running -= 1
    offer(host)
    forgetIfIdle(host)
    return admit()
  }

  /// Takes back a request that was not admitted yet.
  mutating func withdraw(_ ticket: Ticket) { withdrawn.insert(ticket) }

  private mutating func admit() -> [Ticket] {
    var admitted: [Ticket] = []
    while running < limit, let next = ready.removeMinimum() {
      hosts[next.host]?.isReady = false
      hosts[next.host]?.head += 1
      if withdrawn.remove(next.ticket) == nil {
        admitted.append(next.ticket)
        running += 1
        hosts[next.host]?.running += 1
      }
      offer(next.host)
      forgetIfIdle(next.host)
    }
    return admitted
  }

  private mutating func offer(_ name: String) {
    guard var host = hosts[name], !host.isReady, host.running < limitPerHost, host.head < host.waiting.count else {
      return
    }
    ready.insert(Ready(ticket: host.waiting[host.head], host: name))
    host.isReady = true
    // The array would otherwise keep every ticket that ever waited for a busy host.
    if host.head > 64, host.head * 2 > host.waiting.count {
      host.waiting.removeFirst(host.head)
      host.head = 0
    }
    hosts[name] = host
  }

  private mutating func forgetIfIdle(_ name: String) {
    if let host = hosts[name], host.running == 0, host.head == host.waiting.count { hosts[name] = nil }
  }
}
