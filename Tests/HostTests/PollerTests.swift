// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage
import Testing

@Suite struct PollerTests {
  private let reading: FileDescriptor
  private let writing: FileDescriptor

  init() throws { (reading, writing) = try FileDescriptor.pipe() }

  private func close() throws {
    try reading.close()
    try writing.close()
  }

  @Test func tellsWhatIsReadyAndNothingElse() throws {
    defer { #expect(throws: Never.self) { try close() } }
    let poller = try Poller()
    var events: [Poller.Event] = []
    try poller.add(reading.rawValue, .readable, token: 7)
    try poller.wait(into: &events, timeout: .zero)
    #expect(events.isEmpty)
    try writing.writeAll([1])
    try poller.wait(into: &events)
    #expect(events.map(\.token) == [7])
    #expect(events.first?.readiness == .readable)
    try poller.change(reading.rawValue, [.readable, .once], token: 8)
    try poller.wait(into: &events)
    #expect(events.map(\.token) == [8])
    try poller.wait(into: &events, timeout: .zero)
    #expect(events.isEmpty, "it was asked for once")
    try poller.remove(reading.rawValue)
    #expect(throws: SystemError(call: "epoll_ctl", errno: .noSuchFileOrDirectory)) {
      try poller.remove(reading.rawValue)
    }
  }

  @Test func wakesAWaitThatIsYetToCome() throws {
    defer { #expect(throws: Never.self) { try close() } }
    let poller = try Poller()
    var events: [Poller.Event] = []
    poller.wake()
    poller.wake()
    try poller.wait(into: &events)
    #expect(events.isEmpty)
    try poller.wait(into: &events, timeout: .nanoseconds(1))
    #expect(events.isEmpty)
  }

  @Test func resumesTheTaskThatWaits() async throws {
    defer { #expect(throws: Never.self) { try close() } }
    let loop = try ReadinessLoop()
    async let first: Void = loop.waitUntilReadable(reading.rawValue)
    try writing.writeAll([1])
    try await first
    try await loop.waitUntilReadable(reading.rawValue)
  }

  @Test func endsTheWaitOfACancelledTask() async throws {
    defer { #expect(throws: Never.self) { try close() } }
    let loop = try ReadinessLoop()
    let number = reading.rawValue
    for delayed in [false, true] {
      let task = Task { try await loop.waitUntilReadable(number) }
      if delayed { await Task.yield() }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    try writing.writeAll([1])
    try await loop.waitUntilReadable(number)
  }

  @Test func refusesWhatCannotBeWatched() async throws {
    defer { #expect(throws: Never.self) { try close() } }
    let loop = try ReadinessLoop()
    await #expect(throws: SystemError(call: "epoll_ctl", errno: .badFileDescriptor)) {
      try await loop.waitUntilReadable(-1)
    }
  }
}
