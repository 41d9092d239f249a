// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing

@testable import Journal

struct JournalLogHandlerTests {
  private let sent = Recorder<[JournalField]>()

  private func makeLogger() -> Logger {
    Logger(label: "refetch") { JournalLogHandler(label: $0, send: sent.record) }
  }

  private func values(_ name: String, in entry: [JournalField]) -> [String] {
    entry.filter { $0.name == name }.map(\.text)
  }

  @Test func sendsTheStandardFieldsAndMetadata() throws {
    makeLogger().notice(
      "chain fetched", metadata: ["endpoint": "s4", "not-after": "2026-01-01T00:00:00Z"],
      file: "Rotation/Refetch.swift", function: "run()", line: 42)
    let entry = try #require(sent.values.first)
    #expect(
      entry == [
        JournalField("MESSAGE", "chain fetched"),
        JournalField("PRIORITY", "5"),
        JournalField("SYSLOG_IDENTIFIER", "certrotd"),
        JournalField("CODE_FILE", "Rotation/Refetch.swift"),
        JournalField("CODE_LINE", "42"),
        JournalField("CODE_FUNC", "run()"),
        JournalField("CERTROTD_LOGGER", "refetch"),
        JournalField("CERTROTD_ENDPOINT", "s4"),
        JournalField("CERTROTD_NOT_AFTER", "2026-01-01T00:00:00Z"),
      ])
  }

  @Test(arguments: [
    (Logger.Level.trace, "7"), (.debug, "7"), (.info, "6"), (.notice, "5"), (.warning, "4"), (.error, "3"),
    (.critical, "2"),
  ])
  func levelsBecomePriorities(level: Logger.Level, priority: String) throws {
    var logger = makeLogger()
    logger.logLevel = .trace
    logger.log(level: level, "x")
    #expect(values("PRIORITY", in: try #require(sent.values.first)) == [priority])
  }

  @Test func controlCharactersAreSpeltOutAndMessagesKeepLineBreaks() throws {
    let odd = "a\u{0}b\n=c\u{1B}[2J"
    makeLogger().info("two\nlines\u{1B}[31m", metadata: ["reason": "\(odd)", "path": ""])
    let entry = try #require(sent.values.first)
    #expect(values("MESSAGE", in: entry) == ["two\nlines\\u{1B}[31m"])
    #expect(values("CERTROTD_REASON", in: entry) == ["a\\u{0}b\\n=c\\u{1B}[2J"])
    #expect(values("CERTROTD_PATH", in: entry) == [""])
  }

  @Test func listsRepeatTheirFieldAndDictionariesJoinTheirKeys() throws {
    makeLogger().info("x", metadata: ["address": ["::1", "127.0.0.1"], "proxy": ["host": "p", "port": "3128"]])
    let entry = try #require(sent.values.first)
    #expect(values("CERTROTD_ADDRESS", in: entry) == ["::1", "127.0.0.1"])
    #expect(values("CERTROTD_PROXY_HOST", in: entry) == ["p"])
    #expect(values("CERTROTD_PROXY_PORT", in: entry) == ["3128"])
  }

  @Test func metadataCannotForgeFieldsOfTheJournal() throws {
    makeLogger().info("x", metadata: ["MESSAGE_ID": "1", "_PID": "2", "UNIT": "3", "event": "started"])
    let names = Set(try #require(sent.values.first).map(\.name))
    #expect(names.isSuperset(of: ["CERTROTD_MESSAGE_ID", "CERTROTD__PID", "CERTROTD_UNIT", "CERTROTD_EVENT"]))
    #expect(names.isDisjoint(with: ["MESSAGE_ID", "_PID", "UNIT"]))
  }

  @Test func laterMetadataWins() throws {
    var logger = makeLogger()
    logger[metadataKey: "endpoint"] = "of the logger"
    logger[metadataKey: "attempts"] = "1"
    logger.info("x", metadata: ["endpoint": "of the line"])
    let entry = try #require(sent.values.first)
    #expect(values("CERTROTD_ENDPOINT", in: entry) == ["of the line"])
    #expect(values("CERTROTD_ATTEMPTS", in: entry) == ["1"])
  }

  @Test func errorsHaveTheirOwnField() throws {
    struct Refused: Error, CustomStringConvertible { let description = "connection \u{9B}refused" }
    makeLogger().error("probe failed", error: Refused())
    #expect(values("CERTROTD_ERROR", in: try #require(sent.values.first)) == ["connection \\u{9B}refused"])
  }

  @Test func handlersAreValues() {
    let first = makeLogger()
    var second = first
    second.logLevel = .error
    second[metadataKey: "endpoint"] = "second"
    #expect(first.logLevel == .info)
    #expect(first[metadataKey: "endpoint"] == nil)
    #expect(second[metadataKey: "endpoint"] == "second")
  }
}
