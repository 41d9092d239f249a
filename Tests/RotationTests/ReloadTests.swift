// SPDX-License-Identifier: Apache-2.0

import Delivery
import Host
import Journal
import Ledger
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

struct ReloadTests {
  private let site: Site

  init() throws {
    site = try Site()
    try site.folder.write("roots.pem", [try Authority.one.get().root.certificate].pem)
  }

  private func keystore(_ name: String) -> String {
    """
      \(name):
        trust: {bundles: [\(site.folder.file("roots.pem"))]}
        files: [{pse: {path: trust.pse}}]

    """
  }

  @Test func `a bad file leaves the old configuration in force`() async throws {
    try site.configure("keystores:\n" + keystore("a"))
    try await site.run { daemon in
      try await daemon.settle()
      let old = await daemon.context.landscape.configuration
      _ = site.recorder.take()
      try site.configure("keystores:\n" + keystore("a") + "  b: {flies: []}\nendpoints: 7\n")
      try await daemon.services.keeper.reload()
      let events = site.recorder.take()
      #expect(events.map(\.event) == [.configurationRejected])
      let mistakes = try #require(events.first?.fields[.mistakes])
      #expect(try #require(Int(mistakes)) >= 2)
      #expect(events.first?.fields[.reason]?.hasPrefix(site.configuration.string + ":") == true)
      #expect(await daemon.context.landscape.configuration == old)
      try await daemon.settle()
      #expect(try await daemon.currentNumber("a") == 1)

      try site.configure("keystores:\n" + keystore("a") + keystore("b"))
      try await daemon.services.keeper.reload()
      let applied = site.recorder.take()
      #expect(applied.map(\.event) == [.configurationApplied])
      #expect(applied.first?.fields[.reason] == "added keystore b")
      try await daemon.settle()
      #expect(try await daemon.currentNumber("a") == 1, "what did not change is left alone")
      #expect(try await daemon.currentNumber("b") == 1)

      try site.configure("keystores:\n" + keystore("b"))
      try await daemon.services.keeper.reload()
      #expect(site.recorder.take().last?.fields[.reason] == "removed keystore a")
      #expect(try await daemon.context.ledger.generations("a", limit: 9).count == 1, "history stays")
      #expect(try daemon.store("a").current() == 1, "and so do the files")
    }
  }

  @Test func `a bad file at the start is told and ends it`() async throws {
    try site.configure("endpoints: 7\n")
    await #expect(throws: StartError.self) { try await site.settle() }
    #expect(site.recorder.takeNames() == [.configurationRejected])
  }

  @Test func `two daemons do not run on one state`() async throws {
    try site.configure("keystores:\n" + keystore("a"))
    try await site.run { _ in
      let error = await #expect(throws: StartError.self) { try await site.settle() }
      #expect(error?.description.contains("another certrotd runs on") == true)
    }
  }

  @Test func `a damaged ledger is set aside and everything is built anew`() async throws {
    try site.configure("keystores:\n" + keystore("a"))
    try await site.settle()
    for suffix in ["-wal", "-shm"] { try HostFiles().removeTree(at: FilePath(site.layout.ledger.string + suffix)) }
    try site.folder.write("state/ledger.sqlite3", bytes: Array(repeating: 0x55, count: 8192))
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames().contains(.ledgerDamaged))
      #expect(try await daemon.currentNumber("a") == 1)
    }
  }

  @Test func `mistakes are told with their number and at most twenty lines`() throws {
    let mistakes = (1...25).map {
      ConfigurationMistake(file: "/c.yaml", line: $0, column: 1, message: "wrong")
    }
    let event = ConfigurationKeeper.rejected("/c.yaml", mistakes)
    expectCatalogued(event)
    #expect(event.fields[.mistakes] == "25")
    #expect(event.message.hasSuffix("… and 5 more"))
  }
}
