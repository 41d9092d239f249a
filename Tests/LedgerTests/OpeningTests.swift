// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Host
import SystemPackage
import Testing

@testable import Ledger

@Suite struct OpeningTests {
  let folder = try? LedgerFolder()
  let schedule = StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "a")), failures: 1)

  @Test func aNewLedgerIsForItsOwnerOnly() async throws {
    let folder = try #require(folder)
    let opening = try folder.open()
    #expect(opening.origin == .created)
    try await opening.store.record([schedule])
    let names = try folder.names()
    #expect(Set(names).isSuperset(of: ["ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm", "ledger.key"]))
    for name in names {
      #expect(try HostFiles().status(of: folder.path.appending(name)).mode == .ownerReadWrite, "\(name)")
    }
  }

  @Test func theFileIsMarkedAndKeepsItsPromises() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let settings = try await store.write { database in
      try ["application_id", "user_version", "journal_mode", "synchronous", "foreign_keys", "busy_timeout"].map {
        try String.fetchOne(database, sql: "PRAGMA \($0)")
      }
    }
    // synchronous 2 is FULL.
    #expect(settings == ["1668445284", "\(Schema.current.newest)", "wal", "2", "1", "5000"])
  }

  @Test func openingAgainFindsWhatWasWritten() async throws {
    let folder = try #require(folder)
    let first = try folder.store()
    try await first.record([schedule])
    // Not closed: the second one finds the log of the first.
    let second = try folder.open()
    #expect(second.origin == .existing)
    #expect(try await second.store.schedules() == [schedule])
  }

  @Test func aModeThatIsTooWideIsNarrowed() async throws {
    let folder = try #require(folder)
    try folder.store().close()
    let bytes = try folder.bytes(folder.ledger)
    try HostFiles().replaceFile(
      at: folder.ledger, mode: FilePermissions(rawValue: 0o644), contents: SecretBytes(copying: bytes))
    let opening = try folder.open()
    #expect(opening.origin == .existing)
    #expect(try HostFiles().status(of: folder.ledger).mode == .ownerReadWrite)
  }

  @Test func readingCommandsNeverMakeALedger() throws {
    let folder = try #require(folder)
    #expect(throws: LedgerError.missing(ledger: folder.ledger)) { try folder.open(.readOnly) }
    #expect(try folder.names().isEmpty)
  }

  @Test(arguments: [true, false])
  func readingWorksBesideTheDaemonAndWithoutIt(_ daemonRuns: Bool) async throws {
    let folder = try #require(folder)
    let daemon = try folder.store()
    try await daemon.record([schedule])
    if !daemonRuns { try daemon.close() }
    let reader = try folder.open(.readOnly, sealing: SealingKeySource.none).store
    #expect(reader.isReadOnly)
    #expect(try await reader.schedules() == [schedule])
    await #expect(throws: LedgerError.readOnly(ledger: folder.ledger)) { try await reader.record([schedule]) }
    if daemonRuns {
      var later = schedule
      later.failures = 2
      try await daemon.record([later])
      #expect(try await reader.schedules() == [later])
    }
  }

  @Test(arguments: [LedgerAccess.readOnly, .readWrite])
  func aNewerSchemaIsRefusedUntouched(_ access: LedgerAccess) async throws {
    let folder = try #require(folder)
    try folder.store().close()
    try await folder.stranger().write { try $0.execute(sql: "PRAGMA user_version = 99") }
    let before = try folder.bytes(folder.ledger)
    let expected = LedgerError.newerSchema(ledger: folder.ledger, found: 99, known: Schema.current.newest)
    #expect(throws: expected) { try folder.open(access) }
    #expect(try folder.bytes(folder.ledger) == before)
    #expect(expected.description.contains("version 99"))
    #expect(expected.description.contains("up to \(Schema.current.newest)"))
  }

  @Test func aNewerSchemaThatIsStillInTheLogIsRefused() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await store.write { try $0.execute(sql: "PRAGMA user_version = 99") }
    #expect(throws: LedgerError.newerSchema(ledger: folder.ledger, found: 99, known: Schema.current.newest)) {
      try folder.open()
    }
  }

  @Test func theDatabaseOfAnotherProgramIsRefusedUntouched() async throws {
    let folder = try #require(folder)
    let other = try folder.stranger()
    try await other.write { try $0.execute(sql: "CREATE TABLE t (x); PRAGMA application_id = 7") }
    try other.close()
    let before = try folder.bytes(folder.ledger)
    #expect(throws: LedgerError.notALedger(ledger: folder.ledger, applicationID: 7)) { try folder.open() }
    #expect(try folder.bytes(folder.ledger) == before)
  }

  @Test func commandsMakeNoLedger() throws {
    let folder = try #require(folder)
    for isEmpty in [false, true] {
      if isEmpty { try folder.write([], to: folder.ledger) }
      #expect(throws: LedgerError.missing(ledger: folder.ledger)) { try folder.open(options: .command) }
    }
    #expect(try folder.open().origin == .created)
  }

  @Test func manyProcessesMayOpenANewLedgerAtOnce() async throws {
    let folder = try #require(folder)
    let origins = try await withThrowingTaskGroup(of: LedgerOpening.Origin.self) { group in
      for index in 0..<6 {
        group.addTask {
          let opening = try folder.open(options: LedgerOptions(checksIntegrity: false, setsAsideDamaged: false))
          try await opening.store.record([
            StoredSchedule(key: ScheduleKey("probe", LedgerSubject(.endpoint, "\(index)")))
          ])
          return opening.origin
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(origins.filter { $0 == .created }.count == 1)
    #expect(origins.filter { $0 == .existing }.count == 5)
    #expect(try await folder.store().schedules().count == 6)
  }

  @Test func aMissingFolderIsToldAsItIs() throws {
    let folder = try #require(folder)
    let path = folder.path.appending("missing/ledger.sqlite3")
    #expect(throws: LedgerError.self) {
      try LedgerStore.open(at: path, sealing: .none, access: .readWrite, now: later(0))
    }
    #expect(throws: LedgerError.missing(ledger: path)) {
      try LedgerStore.open(at: path, sealing: .none, access: .readOnly, now: later(0))
    }
  }
}
