// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB
import Host
import SystemPackage
import Testing

@testable import Ledger

@Suite struct DamageTests {
  let folder = try? LedgerFolder()

  /// A closed ledger with enough rows for several pages.
  func filled() async throws -> LedgerFolder {
    let folder = try #require(folder)
    let store = try folder.store()
    try await store.record(
      (0..<500).map {
        StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "endpoint \($0)")), reason: "because")
      })
    try store.close()
    return folder
  }

  enum Damage: String, CaseIterable, Sendable {
    case header, firstPage, everyLaterPage, cutInHalf, text

    func apply(to bytes: [UInt8]) -> [UInt8] {
      var bytes = bytes
      switch self {
      case .header: bytes.replaceSubrange(0..<16, with: [UInt8](repeating: 0xff, count: 16))
      case .firstPage: bytes.replaceSubrange(100..<4096, with: [UInt8](repeating: 0xff, count: 3996))
      case .everyLaterPage:
        for page in stride(from: 4096, to: bytes.count, by: 4096) {
          bytes.replaceSubrange(page..<(page + 64), with: [UInt8](repeating: 0xa5, count: 64))
        }
      case .cutInHalf: bytes.removeLast(bytes.count / 2)
      case .text: bytes = Array("this is not a database, and long enough to be read as one".utf8) + bytes.dropFirst(57)
      }
      return bytes
    }
  }

  @Test(arguments: Damage.allCases)
  func aDamagedLedgerIsSetAsideAndANewOneBegun(_ damage: Damage) async throws {
    let folder = try await filled()
    let damaged = damage.apply(to: try folder.bytes(folder.ledger))
    try folder.write(damaged, to: folder.ledger)
    try folder.write([1, 2, 3], to: folder.path.appending("ledger.sqlite3-wal"))
    let opening = try folder.open(now: later(3_661))
    let expected = folder.path.appending("ledger.sqlite3.damaged-20250101T010101Z")
    guard case .replaced(let setAside, let detail) = opening.origin else {
      Issue.record("\(opening.origin)")
      return
    }
    #expect(setAside == expected)
    #expect(!detail.isEmpty)
    #expect(try folder.bytes(setAside) == damaged)
    #expect(try folder.names().contains("ledger.sqlite3.damaged-20250101T010101Z-wal"))
    #expect(try await opening.store.schedules().isEmpty)
    try await opening.store.record([StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "a")))])
    try opening.store.close()
    #expect(try folder.open().origin == .existing)
  }

  @Test func twoDamagedLedgersOfOneSecondAreBothKept() async throws {
    let folder = try #require(folder)
    for number in 1...2 {
      try folder.write(Array("damage number \(number)".utf8) + [UInt8](repeating: 9, count: 4096), to: folder.ledger)
      let opening = try folder.open(now: later(0))
      try opening.store.close()
    }
    let names = try folder.names().filter { $0.contains("damaged") }
    #expect(names == ["ledger.sqlite3.damaged-20250101T000000Z", "ledger.sqlite3.damaged-20250101T000000Z-2"])
  }

  @Test(arguments: [LedgerAccess.readOnly, .readWrite])
  func commandsNeverSetALedgerAside(_ access: LedgerAccess) async throws {
    let folder = try await filled()
    let damaged = Damage.header.apply(to: try folder.bytes(folder.ledger))
    try folder.write(damaged, to: folder.ledger)
    let failure = #expect(throws: LedgerError.self) { try folder.open(access, options: .command) }
    guard case .damaged = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(try folder.bytes(folder.ledger) == damaged)
    #expect(try folder.names().filter { $0.contains("damaged") }.isEmpty)
  }

  @Test func damageThatShowsLaterIsToldAsDamage() async throws {
    let folder = try await filled()
    try folder.write(
      Damage.everyLaterPage.apply(to: try folder.bytes(folder.ledger)), to: folder.ledger)
    var options = LedgerOptions()
    options.checksIntegrity = false
    options.setsAsideDamaged = false
    // Without the check at the start it may show while opening or at the first use; either way it is named.
    let failure = await #expect(throws: LedgerError.self) {
      _ = try await folder.open(.readOnly, sealing: SealingKeySource.none, options: options).store.schedules()
    }
    guard case .damaged(let ledger, _) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(ledger == folder.ledger)
  }

  @Test func aLogWithoutItsLedgerIsKept() async throws {
    let folder = try #require(folder)
    let log = [UInt8](repeating: 7, count: 5000)
    try folder.write(log, to: folder.path.appending("ledger.sqlite3-wal"))
    #expect(try folder.open().origin == .created)
    #expect(try folder.bytes(folder.path.appending("ledger.sqlite3.damaged-20250101T000000Z-wal")) == log)
  }

  @Test func anEmptiedLedgerWithALogIsKept() async throws {
    let folder = try #require(folder)
    let log = [UInt8](repeating: 7, count: 5000)
    try folder.write([], to: folder.ledger)
    try folder.write(log, to: folder.path.appending("ledger.sqlite3-wal"))
    guard case .replaced = try folder.open().origin else {
      Issue.record("the log of an emptied ledger was overwritten")
      return
    }
    #expect(try folder.bytes(folder.path.appending("ledger.sqlite3.damaged-20250101T000000Z-wal")) == log)
  }

  @Test func aFullLedgerSaysSoAndKeepsWhatItHas() async throws {
    let folder = try #require(folder)
    var options = LedgerOptions()
    options.sizeLimit = 300_000
    let store = try folder.open(options: options).store
    let first = StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "a")))
    try await store.record([first])
    let large = (0..<5_000).map {
      StoredSchedule(
        key: ScheduleKey("probe", LedgerSubject(.endpoint, "endpoint \($0)")),
        reason: String(repeating: "x", count: 200))
    }
    await #expect(throws: LedgerError.full(ledger: folder.ledger)) { try await store.record(large) }
    #expect(try await store.schedules() == [first])
    try await store.record([first])
  }

  @Test func aLockedLedgerSaysSoAfterTheTimeout() async throws {
    let folder = try #require(folder)
    var options = LedgerOptions()
    options.busyTimeout = .milliseconds(20)
    let store = try folder.open(options: options).store
    let stranger = try folder.stranger()
    try await stranger.writeWithoutTransaction { database in
      try database.execute(sql: "BEGIN IMMEDIATE; CREATE TABLE stranger (x)")
    }
    let failure = await #expect(throws: LedgerError.self) {
      try await store.record([StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "a")))])
    }
    #expect(failure == .busy(ledger: folder.ledger))
    #expect(try await store.schedules().isEmpty)
    try await stranger.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try await store.record([StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "a")))])
  }

  @Test func aClosedLedgerDoesNotTrap() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try store.close()
    await #expect(throws: LedgerError.self) { try await store.schedules() }
    await #expect(throws: LedgerError.self) { try await store.record([StoredSchedule]()) }
    await #expect(throws: LedgerError.self) { try await store.changeCounter() }
  }

  @Test func aStoredValueThatDoesNotReadIsDamageAndNotATrap() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let chain = try TestCertificate.chain("a.example")
    let failed = EndpointObservation(
      endpoint: "a", verdict: .failed(ObservedFault(.network, "reset")), chain: chain)
    try await store.record([failed], at: later(0))
    try await folder.stranger().write { try $0.execute(sql: "UPDATE certificate SET der = x'3003020101'") }
    let failure = await #expect(throws: LedgerError.self) { try await store.latestObservation("a") }
    guard case .damaged = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }
}
