// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Host
import SystemPackage
import Testing

@testable import Ledger

/// What a process, or the host, leaves behind when it stops at any moment.
@Suite struct CrashTests {
  let schedule = StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "a")), failures: 1)

  /// The files as they lie on disk now, in a folder of their own, as after a sudden end: without the shared memory.
  func leftBehind(by folder: LedgerFolder) throws -> LedgerFolder {
    let copy = try LedgerFolder()
    for name in try folder.names() where !name.hasSuffix("-shm") && !name.hasSuffix(".lock") {
      try copy.write(try folder.bytes(folder.path.appending(name)), to: copy.path.appending(name))
    }
    return copy
  }

  @Test(arguments: [LedgerAccess.readOnly, .readWrite])
  func whatWasReportedAsWrittenIsThere(_ access: LedgerAccess) async throws {
    let folder = try LedgerFolder()
    let store = try folder.store()
    try await store.record([schedule])
    let copy = try leftBehind(by: folder)
    #expect(try await copy.open(access).store.schedules() == [schedule])
  }

  @Test func everyCutOfTheLogIsAWholeState() async throws {
    let folder = try LedgerFolder()
    let store = try folder.store()
    let log = folder.path.appending("ledger.sqlite3-wal")
    var written: [StoredSchedule] = []
    var lengths: [Int] = []
    for index in 0..<6 {
      written.append(StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "\(index)"))))
      try await store.record([written[index]])
      lengths.append(try folder.bytes(log).count)
    }
    let whole = try folder.bytes(log)
    var random = SplitMix(seed: 7)
    let start = try #require(lengths.first)
    for _ in 0..<12 {
      let length = Int.random(in: start...whole.count, using: &random)
      let copy = try leftBehind(by: folder)
      try copy.write(Array(whole.prefix(length)), to: copy.path.appending("ledger.sqlite3-wal"))
      let complete = lengths.filter { $0 <= length }.count
      let found = try await copy.store().schedules().count
      #expect(found >= complete && found <= written.count, "cut after \(length) of \(whole.count) bytes")
    }
  }

  @Test func aTransactionThatWasInterruptedInTheMainFileIsTakenBack() async throws {
    let folder = try LedgerFolder()
    let store = try folder.store()
    try await store.record([schedule])
    try store.close()
    let stranger = try folder.stranger()
    try await stranger.writeWithoutTransaction { database in
      // Without the log, and with a cache so small that pages reach the file before the end of the transaction.
      try database.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN IMMEDIATE")
      try database.execute(
        sql: """
          WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
          INSERT INTO subject (kind, name, first_seen) SELECT 'endpoint', 'interrupted ' || i, 0 FROM n
          """)
    }
    let copy = try leftBehind(by: folder)
    try await stranger.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    #expect(try copy.names().contains("ledger.sqlite3-journal"))
    let opening = try copy.open()
    #expect(opening.origin == .existing)
    #expect(try await opening.store.schedules() == [schedule])
    #expect(try await opening.store.subjects(.endpoint).map(\.name) == ["a"])
  }

  @Test func aCrashBeforeTheFirstTableLeavesAnEmptyFileThatIsUsed() async throws {
    let folder = try LedgerFolder()
    try folder.write([], to: folder.ledger)
    let opening = try folder.open()
    #expect(opening.origin == .created)
    try await opening.store.record([schedule])
  }

  @Test func aCrashBetweenTwoRenamesLosesNoFile() async throws {
    let folder = try LedgerFolder()
    let damaged = [UInt8](repeating: 3, count: 9_000)
    let log = [UInt8](repeating: 4, count: 5_000)
    // The main file was renamed, its log not yet.
    try folder.write(damaged, to: folder.path.appending("ledger.sqlite3.damaged-20250101T000000Z"))
    try folder.write(log, to: folder.path.appending("ledger.sqlite3-wal"))
    #expect(try folder.open(now: later(60)).origin == .created)
    #expect(try folder.bytes(folder.path.appending("ledger.sqlite3.damaged-20250101T000100Z-wal")) == log)
    #expect(try folder.bytes(folder.path.appending("ledger.sqlite3.damaged-20250101T000000Z")) == damaged)
  }
}
