// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB
import OpenSSLBridge
import Testing

@testable import Ledger

/// Every version that was ever released opens, with its rows, in the newest certrotd.
@Suite struct MigrationTests {
  let folder = try? LedgerFolder()

  /// What a ledger of each version may hold beside what earlier ones held, as SQL; the text of a released version is
  /// never edited, a new version adds its own.
  static let rowsOfVersion: [Int: [String]] = [
    1: rowsOfVersion1,
    2: rowsOfVersion2,
    3: rowsOfVersion3,
    4: rowsOfVersion4,
    5: rowsOfVersion5,
    6: rowsOfVersion6,
    7: [],
    8: rowsOfVersion8,
    9: ["UPDATE history SET untold = 1"],
  ]

  private static let rowsOfVersion1 = [
    "INSERT INTO subject VALUES (1, 'endpoint', 'a', 1000, NULL), (2, 'keystore', 'k', 1000, 2000)",
    "INSERT INTO certificate VALUES (1, zeroblob(32), x'00', 'CN=a', 'CN=ca', 0, 1, 1000)",
    "INSERT INTO certificate_list VALUES (1, zeroblob(32))",
    "INSERT INTO certificate_list_member VALUES (1, 0, 1)",
    """
    INSERT INTO observation VALUES
      (1, 1, zeroblob(32), 'rejected', 1, NULL, 'server', 'expired', 0, 1000, 2000, 7)
    """,
    "INSERT INTO schedule VALUES (1, 'probe', 1000, NULL, 3, 5000, 'backoff', 'expired', 'untrusted', 900)",
    "INSERT INTO sealing_key VALUES (1, x'01', 1000)",
    """
    INSERT INTO identity VALUES
      (1, 2, 1, 1, x'01', 1, 'client', 'https://t.example', NULL, 'recipe', 1000, NULL, 'current')
    """,
    "INSERT INTO keystore VALUES (2, 4)",
    """
    INSERT INTO generation VALUES
      (1, 2, 4, 'current', 'recipe', 'reason', NULL, zeroblob(32), 0, 1000, 2000, 2000)
    """,
    "INSERT INTO generation_file VALUES (1, 'client.pse', zeroblob(32), 384)",
    "INSERT INTO generation_trust VALUES (1, zeroblob(32))",
    "INSERT INTO trust_member VALUES (2, 1, 1000, NULL)",
    """
    INSERT INTO hook VALUES
      (1, 1, '["/bin/true"]', 30000, 'pending', 1, 1500, 3000, 'exit 1', 1, 1000, NULL)
    """,
    "INSERT INTO alert VALUES (2, 'identity', zeroblob(32), 86400, 1000)",
    "INSERT INTO history VALUES (1, 1, 1000, 'endpoint.untrusted', 'expired', '{}')",
  ]

  private static let rowsOfVersion2 = ["INSERT INTO adoption VALUES (2, '/x/old.pse', 1, 1, 1000)"]

  private static let rowsOfVersion3 = [
    """
    UPDATE adoption SET pse_version = 4, has_pin = 1, file_owner = 1, file_group = 2, file_mode = 416,
      original = '/s/old.pse', kept_names = '["a"]', sealed_kept = x'01', sealed_under = 1
    """
  ]

  private static let rowsOfVersion4 = [
    "INSERT INTO subject VALUES (3, 'service-key', 's', 1000, NULL)",
    "INSERT INTO rotation VALUES (3, 'held', '{\"version\":1}', 1000, 2000)",
    """
    INSERT INTO platform_key VALUES (1, 3, 'guid', 'name', 'instance', 'ours', 'in-flight', NULL, NULL, NULL, NULL,
      NULL, NULL, x'01', 1, 1000, 2000)
    """,
    "INSERT INTO login VALUES (1, 'https://uaa.example', 'user a', x'01', NULL, NULL, NULL, 1, 1000)",
  ]

  private static let rowsOfVersion5 = ["UPDATE adoption SET other_names = '[\"/y/old.pse\"]'"]

  private static let rowsOfVersion6 = [
    """
    INSERT INTO confirmation VALUES
      (1, 'written', 3, 'unconfirmed', 2000, 300000, 9, 3000, 'refused', 'server', 'why', 'nothing else is kept', 'refused')
    """
  ]

  private static let rowsOfVersion8 = [
    "UPDATE platform_key SET departure = 'asked'",
    """
    INSERT INTO login VALUES
      (1, 'https://uaa.example', 'user a', zeroblob(32), x'01', 1, 1000, 'Bad credentials', 1000)
    """,
  ]

  func ledger(of version: Int, in folder: LedgerFolder) async throws {
    let queue = try folder.stranger()
    for number in 1...version {
      try Schema.current.migrate(queue, to: number)
      try await queue.write { database in
        for statement in Self.rowsOfVersion[number] ?? [] { try database.execute(sql: statement) }
      }
    }
    try queue.close()
  }

  @Test func everyVersionHasRowsToMigrate() {
    #expect(Self.rowsOfVersion.keys.sorted() == Array(1...Schema.current.newest))
  }

  @Test(arguments: 1...Schema.current.newest)
  func aLedgerOfThisVersionIsBroughtUpToDate(_ version: Int) async throws {
    let folder = try #require(folder)
    try await ledger(of: version, in: folder)
    let opening = try folder.open(sealing: SealingKeySource.none)
    let newest = Schema.current.newest
    #expect(opening.origin == (version == newest ? .existing : .migrated(from: version, to: newest)))
    let store = opening.store
    #expect(try await store.schedules().map(\.failures) == [3])
    #expect(try await store.read { try Int.fetchAll($0, sql: "SELECT count FROM observation") } == [7])
    #expect(try await store.currentGeneration("k")?.number == 4)
    #expect(try await store.pendingHooks().map(\.arguments) == [["/bin/true"]])
    #expect(try await store.history(LedgerSubject(.endpoint, "a"), limit: 9).map(\.event) == ["endpoint.untrusted"])
    let faults = try await store.read { database in
      try String.fetchAll(database, sql: "PRAGMA integrity_check")
        + Row.fetchAll(
          database, sql: "PRAGMA foreign_key_check"
        ).map(\.description)
    }
    #expect(faults == ["ok"])
  }

  /// A PSE that was adopted before its other names were kept has none, and all else that was known of it.
  @Test(arguments: [(4, []), (5, ["/y/old.pse"])])
  func anAdoptionKeepsWhatItsVersionKnew(_ version: Int, _ names: [String]) async throws {
    let folder = try #require(folder)
    try await ledger(of: version, in: folder)
    let store = try folder.open(sealing: SealingKeySource.none).store
    // The rows name certificates that are none.
    try await store.write { database in
      try database.execute(sql: "UPDATE adoption SET identity = NULL")
      try database.execute(sql: "DELETE FROM certificate_list_member")
    }
    let form = AdoptedFile(version: 4, hasPIN: true, owner: 1, group: 2, mode: 416)
    #expect(
      try await store.adoption(of: "k")
        == Adoption(
          path: "/x/old.pse", leaf: nil, trust: [], adoptedAt: Date(timeIntervalSince1970: 1), form: form,
          original: "/s/old.pse", otherNames: names, keptNames: ["a"]))
  }

  /// What stood as a sentence among reasons is a state of its own from version 8 on; other sentences stay what they are.
  @Test func aDepartureIsReadFromTheSentencesOfBefore() async throws {
    let folder = try #require(folder)
    try await ledger(of: 7, in: folder)
    let reasons = [
      "asked": "certrotd has asked the platform to delete it", "lost": "somebody deleted it while it was in force",
      "other": "nothing uses it",
    ]
    let queue = try folder.stranger()
    try await queue.write { database in
      for (guid, reason) in reasons {
        try database.execute(
          sql: """
            INSERT INTO platform_key (subject, guid, name, instance, owner, state, reason, first_seen, changed_at)
            VALUES (3, ?, 'name', 'instance', 'ours', 'retiring', ?, 1000, 2000)
            """, arguments: [guid, reason])
      }
    }
    try queue.close()
    let store = try folder.open(sealing: SealingKeySource.none).store
    let keys = try await store.platformKeys(of: "s").filter { $0.state == .retiring }.sorted { $0.guid < $1.guid }
    #expect(keys.map(\.departure) == [.asked, .noticed, nil])
    #expect(keys.map(\.reason) == [nil, nil, "nothing uses it"])
    #expect(try await store.read { try Int.fetchAll($0, sql: "SELECT count(*) FROM login") } == [0])
  }

  /// The tables that version 1 was released with, so that an edit of a released migration does not go unnoticed.
  @Test func aReleasedVersionIsNeverEdited() throws {
    let digests = Schema.current.versions.compactMap {
      Fingerprint(bytes: Digest.sha256(Array($0.statements.joined(separator: ";\n").utf8)))?.description
    }
    #expect(
      digests == [
        "bce4faec16fb0dcc3f75cd4505991829f8f3d22050e1477ebefb366c8bc3fa60",
        "0cb4f725ca75d4e73c3dd5d836465f8c016d36102e6e4697811559abb81376f0",
        "bb30f0ed4e937aca47225c775bb8013f2d2f1fc6885c2dafb907ce28eaaa020d",
        "b8bac19582b8c445846dcde82e185b621897a8fc06ad84807874bba7da278d32",
        "4541e4b62105b723893a0533025cf82616c909b7fe52685d6ecf0e613bc146d0",
        "3e536281cc2ff6758320a08a2571729621a0c77f9f2f08a5f3b39cda5cb704e1",
        "af21ae67b23fda0c9150937424a41f052e5729cf80e7886aa26c3ac4a9ab29bc",
        "d201d46ad3e59cb069d47df351217ee098886d2352ecceea373efde28393ddb8",
        "e35a8db66826e3775f1da82313f1d5ecb9281efd262280bf36621015f7c53139",
      ])
  }

  /// What the next release will meet: a table rebuilt in place, with rows that others refer to.
  static let next = Schema(
    versions: Schema.current.versions + [
      SchemaVersion(statements: [
        "CREATE TABLE subject_new (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, note TEXT) STRICT",
        "INSERT INTO subject_new SELECT id, kind, upper(name), 'moved' FROM subject", "DROP TABLE subject",
        "ALTER TABLE subject_new RENAME TO subject",
      ])
    ])

  func open(_ folder: LedgerFolder, schema: Schema, _ access: LedgerAccess) throws(LedgerError) -> LedgerOpening {
    let opener = LedgerOpener(path: folder.ledger, sealing: .none, options: LedgerOptions(), schema: schema)
    return access == .readOnly ? try opener.openForReading() : try opener.openForWriting(now: later(0))
  }

  @Test func aLaterVersionBringsTheFileUpToDateOnce() async throws {
    let folder = try #require(folder)
    let newest = Schema.current.newest
    try await ledger(of: newest, in: folder)
    let opening = try open(folder, schema: Self.next, .readWrite)
    #expect(opening.origin == .migrated(from: newest, to: newest + 1))
    let names = try await opening.store.read { try String.fetchAll($0, sql: "SELECT name FROM subject ORDER BY id") }
    #expect(names == ["A", "K", "S"])
    try opening.store.close()
    #expect(try open(folder, schema: Self.next, .readWrite).origin == .existing)
    #expect(throws: LedgerError.newerSchema(ledger: folder.ledger, found: newest + 1, known: newest)) {
      try open(folder, schema: .current, .readWrite)
    }
  }

  @Test func aMigrationThatFailsLeavesTheVersionBefore() async throws {
    let folder = try #require(folder)
    try await ledger(of: Schema.current.newest, in: folder)
    // Rows that point to nothing are found by the check at the end of the step.
    let broken = Schema(versions: Schema.current.versions + [SchemaVersion(statements: ["DELETE FROM certificate"])])
    #expect(throws: LedgerError.self) { try open(folder, schema: broken, .readWrite) }
    let opening = try open(folder, schema: .current, .readWrite)
    #expect(opening.origin == .existing)
    let count = try await opening.store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM certificate") }
    #expect(count == 1)
  }

  @Test func aReadingCommandLeavesMigrationToTheDaemon() async throws {
    let folder = try #require(folder)
    let newest = Schema.current.newest
    try await ledger(of: newest, in: folder)
    let before = try folder.bytes(folder.ledger)
    #expect(throws: LedgerError.olderSchema(ledger: folder.ledger, found: newest, known: newest + 1)) {
      try open(folder, schema: Self.next, .readOnly)
    }
    #expect(try folder.bytes(folder.ledger) == before)
  }

  @Test(arguments: [
    "INSERT INTO subject (kind, name, first_seen) VALUES ('planet', 'x', 0)",
    "INSERT INTO subject (kind, name, first_seen) VALUES ('endpoint', '', 0)",
    "INSERT INTO subject (kind, name, first_seen) VALUES ('endpoint', 'a', 0)",
    "INSERT INTO subject (kind, name, first_seen) VALUES ('endpoint', 'b', 'yesterday')",
    "UPDATE observation SET verdict = 'verified'",
    "UPDATE observation SET chain = 99",
    "UPDATE observation SET culprit = 'weather'",
    "UPDATE identity SET sealed_key = NULL",
    "UPDATE identity SET state = 'superseded'",
    "DELETE FROM sealing_key",
    "DELETE FROM certificate",
    "UPDATE adoption SET path = ''",
    "UPDATE adoption SET trust = 99",
    "UPDATE adoption SET has_pin = 2",
    "UPDATE adoption SET sealed_under = 7",
    "UPDATE adoption SET other_names = '[/y/old.pse'",
    "UPDATE rotation SET state = 'held'",
    "UPDATE platform_key SET state = 'in-force'",
    "UPDATE platform_key SET sealed_under = NULL",
    "UPDATE platform_key SET departure = 'gone'",
    "UPDATE login SET refused_at = NULL",
    "UPDATE login SET sealed_under = NULL",
    "UPDATE login SET proof = x'01'",
    "UPDATE confirmation SET state = 'owed'",
    "UPDATE confirmation SET state = 'confirmed', finding = NULL",
    "UPDATE confirmation SET finding = NULL",
    "UPDATE confirmation SET origin = 'elsewhere'",
    "INSERT INTO generation SELECT 2, keystore, 5, state, recipe, reason, NULL, leaf, 0, 1, 1, 1 FROM generation",
    "UPDATE generation SET state = 'failed'",
    "UPDATE hook SET arguments = '[]'",
    "UPDATE hook SET state = 'succeeded'",
    "UPDATE history SET fields = '[]'",
    "UPDATE history SET untold = 2",
  ])
  func theSchemaRefusesWhatMakesNoSense(_ statement: String) async throws {
    let folder = try #require(folder)
    try await ledger(of: Schema.current.newest, in: folder)
    let store = try folder.open(sealing: SealingKeySource.none).store
    await #expect(throws: LedgerError.self) { try await store.write { try $0.execute(sql: statement) } }
  }
}
