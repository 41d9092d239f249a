// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Ledger

@Suite struct HookTests {
  let folder = try? LedgerFolder()
  let restart = NewHook(arguments: ["/usr/bin/restart", "ä \"x\"", ""], deadline: .milliseconds(1_500))
  let notify = NewHook(arguments: ["/usr/bin/notify"], deadline: .seconds(30))

  func makeCurrent(_ store: LedgerStore, _ keystore: String = "k", hooks: [NewHook], at seconds: Double) async throws {
    let plan = NewGeneration(keystore: keystore, recipe: "r", leaf: nil, trust: [], reason: "test")
    let number = try await store.beginGeneration(plan, at: later(seconds))
    try await store.markGeneration(keystore, number, .staged, at: later(seconds))
    try await store.markGeneration(keystore, number, .current, hooks: hooks, at: later(seconds))
  }

  @Test func hooksArePendingUntilTheySucceed() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await makeCurrent(store, hooks: [restart, notify], at: 0)
    let pending = try await store.pendingHooks()
    #expect(pending.map(\.arguments) == [restart.arguments, notify.arguments])
    #expect(pending.map(\.deadline) == [restart.deadline, notify.deadline])
    #expect(pending.map(\.nextAttempt) == [later(0), later(0)])
    try await store.recordHook(
      pending[0].id, HookRunRecord(outcome: "exit 3", exitStatus: 3, attempts: 1, next: .retry(at: later(60))),
      at: later(1))
    try await store.recordHook(
      pending[1].id, HookRunRecord(outcome: "exit 0", exitStatus: 0, attempts: 1, next: .done), at: later(1))
    try store.close()
    let again = try await folder.store().pendingHooks()
    #expect(again.map(\.id) == [pending[0].id])
    #expect(again.first?.attempts == 1)
    #expect(again.first?.lastAttempt == later(1))
    #expect(again.first?.nextAttempt == later(60))
    #expect(again.first?.outcome == "exit 3")
  }

  @Test func aNewerGenerationReplacesEqualHooks() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await makeCurrent(store, hooks: [restart, notify], at: 0)
    try await makeCurrent(store, "other", hooks: [restart], at: 1)
    try await makeCurrent(store, hooks: [restart], at: 2)
    let pending = try await store.pendingHooks()
    #expect(pending.map(\.keystore) == ["k", "other", "k"])
    #expect(pending.map(\.generation) == [1, 1, 2])
    #expect(pending.map(\.arguments) == [notify.arguments, restart.arguments, restart.arguments])
  }

  @Test func anAbandonedHookIsNotOwed() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await makeCurrent(store, hooks: [restart], at: 0)
    let hook = try #require(try await store.pendingHooks().first)
    let given = HookRunRecord(outcome: "no longer configured", exitStatus: nil, attempts: 0, next: .abandon)
    try await store.recordHook(hook.id, given, at: later(1))
    #expect(try await store.pendingHooks().isEmpty)
    let late = HookRunRecord(outcome: "exit 1", exitStatus: 1, attempts: 1, next: .retry(at: later(9)))
    try await store.recordHook(hook.id, late, at: later(2))
    #expect(try await store.pendingHooks().isEmpty)
  }

  @Test func finishedHooksAreForgottenAfterALongTime() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await makeCurrent(store, hooks: [restart, notify], at: 0)
    let hooks = try await store.pendingHooks()
    let done = HookRunRecord(outcome: "exit 0", exitStatus: 0, attempts: 1, next: .done)
    try await store.recordHook(hooks[0].id, done, at: later(0))
    #expect(try await store.housekeep(at: later(399 * 86_400)).hooks == 0)
    #expect(try await store.housekeep(at: later(401 * 86_400)).hooks == 1)
    #expect(try await store.pendingHooks().map(\.id) == [hooks[1].id])
  }
}
