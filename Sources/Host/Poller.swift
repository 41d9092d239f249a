// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The readiness of many descriptors, watched at once (epoll(7)), with a way to wake the waiting thread.
///
/// One thread waits; any thread may add, change, remove and wake.
package final class Poller: Sendable {
  /// What to be told of, and what was found.
  package struct Readiness: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: CLinux_EPOLLIN)
    package static let writable = Readiness(rawValue: CLinux_EPOLLOUT)
    /// An error is pending on the descriptor; told whether asked for or not.
    package static let failed = Readiness(rawValue: CLinux_EPOLLERR)
    /// The peer is gone in both directions; told whether asked for or not.
    package static let hungUp = Readiness(rawValue: CLinux_EPOLLHUP)
    /// Asked for only: tell each change once, instead of telling as long as it holds.
    package static let edgeTriggered = Readiness(rawValue: CLinux_EPOLLET)
    /// Asked for only: tell once, then stay silent until `change`.
    package static let once = Readiness(rawValue: CLinux_EPOLLONESHOT)
  }

  /// One descriptor that became ready.
  package struct Event: Sendable {
    /// The number that `add` was given.
    package let token: UInt64
    package let readiness: Readiness
  }

  private let epoll: Descriptor
  private let waking: Descriptor

  package init() throws(SystemError) {
    let epoll = epoll_create1(CInt(CLinux_EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw .last("epoll_create1") }
    self.epoll = Descriptor(takingOwnershipOf: epoll)
    let waking = eventfd(0, CInt(CLinux_EFD_CLOEXEC | CLinux_EFD_NONBLOCK))
    guard waking >= 0 else { throw .last("eventfd") }
    self.waking = Descriptor(takingOwnershipOf: waking)
    try add(waking, .readable, token: Self.wakingToken)
  }

  /// Starts to watch a descriptor; `token` comes back with its events and must not be `UInt64.max`.
  package func add(_ descriptor: CInt, _ interest: Readiness, token: UInt64) throws(SystemError) {
    try control(EPOLL_CTL_ADD, descriptor, interest, token)
  }

  /// Changes what a watched descriptor is watched for.
  package func change(_ descriptor: CInt, _ interest: Readiness, token: UInt64) throws(SystemError) {
    try control(EPOLL_CTL_MOD, descriptor, interest, token)
  }

  /// Stops watching a descriptor; closing its last copy does the same.
  package func remove(_ descriptor: CInt) throws(SystemError) {
    try control(EPOLL_CTL_DEL, descriptor, [], 0)
  }

  /// Waits until something is ready, `wake()` was called, or `timeout` is over (nil: for ever), then puts what is ready
  /// into `events`, which it empties first.
  package func wait(into events: inout [Event], timeout: Duration? = nil) throws(SystemError) {
    events.removeAll(keepingCapacity: true)
    let milliseconds = timeout.map(Self.milliseconds) ?? -1
    let failure = unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: eventsAtOnce) {
      buffer -> SystemError? in
      let count = unsafe epoll_wait(epoll.rawValue, buffer.baseAddress, CInt(eventsAtOnce), milliseconds)
      guard count >= 0 else { return errno == EINTR ? nil : .last("epoll_wait") }
      for index in 0..<Int(count) {
        let event = unsafe buffer[index]
        let token = unsafe event.data.u64
        if token == Self.wakingToken {
          settleWaking()
        } else {
          unsafe events.append(Event(token: token, readiness: Readiness(rawValue: event.events)))
        }
      }
      return nil
    }
    if let failure { throw failure }
  }

  /// Makes the waiting thread return, now or at its next wait; safe from any thread.
  package func wake() {
    var one: UInt64 = 1
    // The only failure is EAGAIN, when the counter is full of wakes that nobody has seen yet: it wakes all the same.
    _ = unsafe Glibc.write(waking.rawValue, &one, MemoryLayout<UInt64>.size)
  }

  private func settleWaking() {
    var count: UInt64 = 0
    _ = unsafe Glibc.read(waking.rawValue, &count, MemoryLayout<UInt64>.size)
  }

  private func control(
    _ operation: CInt, _ descriptor: CInt, _ interest: Readiness, _ token: UInt64
  ) throws(SystemError) {
    var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(u64: token))
    guard unsafe epoll_ctl(epoll.rawValue, operation, descriptor, &event) == 0 else { throw .last("epoll_ctl") }
  }

  /// Rounded up, since a wait that ends too early would only be repeated.
  private static func milliseconds(_ timeout: Duration) -> CInt {
    let (seconds, attoseconds) = timeout.components
    if seconds < 0 || attoseconds < 0 { return 0 }
    if seconds >= Int64(CInt.max) / 1000 { return .max }
    return CInt(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }

  private static let wakingToken = UInt64.max
  private var eventsAtOnce: Int { 256 }
}
