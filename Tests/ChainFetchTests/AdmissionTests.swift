// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ChainFetch

@Suite struct AdmissionTests {
  @Test func admitsUpToBothLimitsInOrder() {
    let state = Rules(limit: 3, limitPerHost: 2)
    #expect(state.request(0, host: "a"))
    #expect(state.request(1, host: "a"))
    #expect(!state.request(2, host: "a"))
    #expect(state.request(3, host: "b"))
    #expect(!state.request(4, host: "c"))
    // The oldest that may run: host a has room again, and 2 came before 4.
    #expect(state.release(host: "a") == [2])
    // Host a has room again, but nobody of it waits.
    #expect(state.release(host: "a") == [4])
    #expect(state.running == 3)
  }

  @Test func doesNotLetABusyHostHoldUpTheOthers() {
    let state = Rules(limit: 10, limitPerHost: 1)
    #expect(state.request(0, host: "busy"))
    for ticket in 1...100 { #expect(!state.request(UInt64(ticket), host: "busy")) }
    #expect(state.request(101, host: "other"))
    #expect(state.release(host: "other").isEmpty)
    for ticket in 1...100 { #expect(state.release(host: "busy") == [UInt64(ticket)]) }
    #expect(state.release(host: "busy").isEmpty)
    #expect(state.running == 0)
  }

  @Test func skipsThoseWhoLeft() {
    let state = Rules(limit: 1, limitPerHost: 1)
    #expect(state.request(0, host: "a"))
    #expect(!state.request(1, host: "a"))
    #expect(!state.request(2, host: "b"))
    state.withdraw(1)
    #expect(state.release(host: "a") == [2])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func keepsBothLimitsAndForgetsNobody(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let state = Rules(limit: 5, limitPerHost: 2)
    var running: [UInt64: String] = [:]
    var waiting: [UInt64: String] = [:]
    var next: UInt64 = 0
    for _ in 0..<2000 {
      var admitted: [UInt64] = []
      switch Int.random(in: 0..<5, using: &generator) {
      case 0, 1:
        let host = String(Int.random(in: 0..<4, using: &generator))
        waiting[next] = host
        if state.request(next, host: host) { admitted = [next] }
        next += 1
      case 2, 3:
        guard let (ticket, host) = running.min(by: { $0.key < $1.key }) else { continue }
        running[ticket] = nil
        admitted = state.release(host: host)
      default:
        guard let ticket = waiting.keys.sorted().randomElement(using: &generator) else { continue }
        waiting[ticket] = nil
        state.withdraw(ticket)
      }
      for ticket in admitted {
        guard let host = waiting.removeValue(forKey: ticket) else {
          Issue.record("\(ticket) was admitted, but did not wait")
          return
        }
        running[ticket] = host
      }
      #expect(running.count <= 5 && state.running == running.count)
      let counts = Dictionary(grouping: running.values) { $0 }.mapValues(\.count)
      #expect(counts.values.allSatisfy { $0 <= 2 })
      // Nobody waits without need.
      if running.count < 5 { #expect(waiting.values.allSatisfy { counts[$0] == 2 }) }
    }
  }

  @Test func aCancelledTaskLeavesTheQueue() async {
    let admission = Admission(limit: 1, limitPerHost: 1)
    #expect(await admission.enter(host: "a"))
    let waiting = Task { await admission.enter(host: "a") }
    waiting.cancel()
    #expect(await waiting.value == false)
    admission.leave(host: "a")
    #expect(await admission.enter(host: "a"))
  }
}

/// `#expect` takes no mutating calls.
private final class Rules {
  private var state: AdmissionState

  init(limit: Int, limitPerHost: Int) { state = AdmissionState(limit: limit, limitPerHost: limitPerHost) }

  var running: Int { state.running }
  func request(_ ticket: UInt64, host: String) -> Bool { state.request(ticket, host: host) }
  func release(host: String) -> [UInt64] { state.release(host: host) }
  func withdraw(_ ticket: UInt64) { state.withdraw(ticket) }
}
