// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge
import Testing

@testable import Ledger

@Suite struct GenerationTests {
  let folder = try? LedgerFolder()

  func plan(_ reason: String = "the chain changed", keystore: String = "k") throws -> NewGeneration {
    let chain = try TestCertificate.chain("a.example")
    return NewGeneration(
      keystore: keystore, recipe: "recipe", leaf: chain[0].fingerprint,
      trust: [chain[2].fingerprint, chain[1].fingerprint, chain[1].fingerprint], reason: reason)
  }

  @discardableResult
  func makeCurrent(_ store: LedgerStore, at seconds: Double, hooks: [NewHook] = []) async throws -> Int {
    let number = try await store.beginGeneration(plan(), at: later(seconds))
    try await store.markGeneration("k", number, .staged, at: later(seconds + 0.25))
    try await store.markGeneration("k", number, .current, hooks: hooks, at: later(seconds + 0.5))
    return number
  }

  @Test func aGenerationGoesFromIntentToUse() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let plan = try plan()
    let number = try await store.beginGeneration(plan, at: later(0))
    #expect(number == 1)
    var expected = StoredGeneration(
      keystore: "k", number: 1, state: .intended, recipe: "recipe", reason: "the chain changed", leaf: plan.leaf,
      trust: Set(plan.trust).sorted(), adopted: false, begunAt: later(0), currentSince: nil,
      changedAt: later(0))
    #expect(try await store.openGenerations() == [expected])
    try await store.markGeneration("k", 1, .staged, at: later(1))
    (expected.state, expected.changedAt) = (.staged, later(1))
    #expect(try await store.openGenerations() == [expected])
    #expect(try await store.currentGeneration("k") == nil)
    try await store.markGeneration("k", 1, .current, at: later(2))
    (expected.state, expected.currentSince, expected.changedAt) = (.current, later(2), later(2))
    #expect(try await store.openGenerations().isEmpty)
    #expect(try await store.currentGeneration("k") == expected)
  }

  @Test func aNewCurrentOneSupersedesTheFormer() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await makeCurrent(store, at: 0)
    try await makeCurrent(store, at: 10)
    let generations = try await store.generations("k", limit: 10)
    #expect(generations.map(\.number) == [2, 1])
    #expect(generations.map(\.state) == [.current, .superseded])
  }

  @Test func numbersAreNeverUsedAgain() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let first = try await store.beginGeneration(plan(), at: later(0))
    try await store.markGeneration("k", first, .failed("the disk is full"), at: later(1))
    #expect(try await store.beginGeneration(plan(), at: later(2)) == 2)
    try await store.reserveGenerations("k", upTo: 12, at: later(3))
    try await store.reserveGenerations("k", upTo: 5, at: later(3))
    #expect(try await store.beginGeneration(plan(), at: later(4)) == 13)
    #expect(try await store.beginGeneration(plan(keystore: "other"), at: later(4)) == 1)
    #expect(
      try await store.generations("k", limit: 9).map(\.state) == [.intended, .intended, .failed("the disk is full")])
  }

  @Test func aWithdrawnGenerationGivesWayInOneStep() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let hook = NewHook(arguments: ["/bin/true"], deadline: .seconds(1))
    try await makeCurrent(store, at: 0)
    try await makeCurrent(store, at: 10)
    try await store.rollBackGeneration("k", from: 2, to: 1, reason: "a peer refused it", hooks: [hook], at: later(20))
    let generations = try await store.generations("k", limit: 10)
    #expect(generations.map(\.state) == [.rolledBack("a peer refused it"), .current])
    #expect(generations.last?.currentSince == later(20))
    #expect(try await store.pendingHooks().map(\.generation) == [1])
    await #expect(throws: LedgerError.unknownGeneration(keystore: "k", number: 9)) {
      try await store.rollBackGeneration("k", from: 1, to: 9, reason: "no", at: later(30))
    }
    #expect(try await store.currentGeneration("k")?.number == 1)
  }

  @Test func impossibleStepsAreRefused() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let number = try await store.beginGeneration(plan(), at: later(0))
    await #expect(
      throws: LedgerError.impossibleTransition(keystore: "k", number: 1, from: "intended", to: "current")
    ) { try await store.markGeneration("k", number, .current, at: later(1)) }
    try await store.markGeneration("k", number, .failed("no"), at: later(1))
    await #expect(throws: LedgerError.self) { try await store.markGeneration("k", number, .staged, at: later(2)) }
    await #expect(throws: LedgerError.unknownGeneration(keystore: "k", number: 2)) {
      try await store.markGeneration("k", 2, .staged, at: later(2))
    }
  }

  @Test func repeatingAStepAfterACrashChangesNothing() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let hook = NewHook(arguments: ["/bin/true"], deadline: .seconds(1))
    try await makeCurrent(store, at: 0, hooks: [hook])
    let before = try await store.currentGeneration("k")
    try await store.markGeneration("k", 1, .current, hooks: [hook], at: later(50))
    #expect(try await store.currentGeneration("k") == before)
    #expect(try await store.pendingHooks().count == 1)
  }

  @Test func whatLiesOnDiskCanBeAdopted() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    #expect(try await store.adoptGeneration(plan("found"), number: 11, as: .superseded, at: later(0)))
    #expect(try await store.adoptGeneration(plan("found"), number: 12, as: .current, at: later(0)))
    #expect(try await !store.adoptGeneration(plan("again"), number: 12, as: .current, at: later(1)))
    let current = try #require(try await store.currentGeneration("k"))
    #expect(current.number == 12)
    #expect(current.adopted)
    #expect(try await store.adoptGeneration(plan("found"), number: 13, as: .rolledBack("by hand"), at: later(1)))
    #expect(try await store.currentGeneration("k")?.number == 12)
    #expect(try await store.generations("k", limit: 1).map(\.state) == [.rolledBack("by hand")])
    #expect(try await store.beginGeneration(plan(), at: later(2)) == 14)
  }

  @Test func oldGenerationsAreForgottenUnlessHooksAreOwed() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await makeCurrent(store, at: 0, hooks: [NewHook(arguments: ["/bin/false"], deadline: .seconds(1))])
    for index in 1...(LedgerStore.generationsPerKeystore + 10) { try await makeCurrent(store, at: Double(index)) }
    let generations = try await store.generations("k", limit: 1_000)
    #expect(generations.count == LedgerStore.generationsPerKeystore + 1)
    #expect(generations.last?.number == 1)
    #expect(try await store.pendingHooks().count == 1)
  }

  /// Failures, however many, take nobody the generations that one can go back to.
  @Test func failedGenerationsMakeRoomFirst() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    for index in 1...3 { try await makeCurrent(store, at: Double(index)) }
    for index in 4...(LedgerStore.generationsPerKeystore + 30) {
      let number = try await store.beginGeneration(plan(), at: later(Double(index)))
      try await store.markGeneration("k", number, .failed("no room"), at: later(Double(index)))
    }
    let generations = try await store.generations("k", limit: 1_000)
    #expect(generations.count == LedgerStore.failedGenerationsPerKeystore + 3)
    #expect(generations.map(\.number).suffix(3) == [3, 2, 1])
  }

  @Test func everyTransitionIsDecidedOnce() {
    let states: [GenerationProgress] = [.intended, .staged, .current, .superseded, .failed("x"), .rolledBack("y")]
    let allowed = states.map { state in states.filter { state.allows($0) }.map(\.name) }
    #expect(
      allowed == [
        ["intended", "staged", "failed"], ["staged", "current", "failed"], ["current", "superseded", "rolled-back"],
        ["current", "superseded"], ["failed"], ["current", "rolled-back"],
      ])
  }
}
