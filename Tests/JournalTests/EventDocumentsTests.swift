// SPDX-License-Identifier: Apache-2.0

import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import Journal

/// Code, message catalog and page name the same events and say the same of them.
struct EventDocumentsTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
  private static let catalogPath = repository.appending(path: "systemd/certrotd.catalog")

  private struct CatalogEntry {
    let messageID: String
    let headers: [String: String]
    let body: String
  }

  private static func catalog() throws -> [CatalogEntry] {
    let text = try String(contentsOf: catalogPath, encoding: .utf8)
    return text.split(separator: #/(?m)^-- /#).dropFirst().map { entry in
      let head = entry.prefix { !($0 == "\n") }
      let parts = entry.dropFirst(head.count + 1).split(separator: "\n\n", maxSplits: 1)
      let headers = (parts.first ?? "").split(separator: "\n").map { $0.split(separator: ": ", maxSplits: 1) }
      return CatalogEntry(
        messageID: String(head),
        headers: Dictionary(headers.map { (String($0[0]), String($0[1])) }) { $1 },
        body: String(parts.last ?? ""))
    }
  }

  private static func page() throws -> [String: Substring] {
    let text = try String(
      contentsOf: repository.appending(path: "Documentation/events.md"), encoding: .utf8)
    let sections = text.split(separator: #/(?m)^### /#).dropFirst().map { section in
      (String(section.dropFirst().prefix { $0 != "`" }), section)
    }
    return Dictionary(sections) { $1 }
  }

  @Test func theCatalogHasEachEventAndNoOther() throws {
    #expect(try Self.catalog().map(\.messageID).sorted() == Event.allCases.map(\.messageID).sorted())
  }

  @Test(arguments: Event.allCases)
  func theCatalogExplainsTheEvent(event: Event) throws {
    let entry = try #require(try Self.catalog().first { $0.messageID == event.messageID })
    #expect(entry.headers["Subject"]?.hasPrefix(event.title) == true)
    #expect(entry.headers["Defined-By"] == "certrotd")
    #expect(entry.headers["Documentation"] != nil)
    #expect(entry.body.contains("\n\nWhat to do: "))
    let named = Set((entry.body + (entry.headers["Subject"] ?? "")).matches(of: /@([A-Z_]+)@/).map { String($0.1) })
    #expect(named.isSubset(of: event.fields.map(\.journalName)))
  }

  @Test func thePageHasEachEventAndNoOther() throws {
    #expect(try Self.page().keys.sorted() == Event.allCases.map(\.rawValue).sorted())
  }

  @Test(arguments: Event.allCases)
  func thePageDescribesTheEvent(event: Event) throws {
    let section = try #require(try Self.page()[event.rawValue])
    #expect(section.contains("\(event.title). Priority \(event.priority.rawValue) (\(event.priority))."))
    #expect(section.contains("journalctl -u certrotd MESSAGE_ID=\(event.messageID)\n"))
    #expect(section.contains("\nWhat to do: "))
    let list = try #require(section.firstMatch(of: #/(?s)\nFields: (.*?)\.\n\n/#)).1
    let halves = list.split(separator: #/;\s+where\s+known:/#)
    let names = halves.map { Set($0.matches(of: /`([A-Z_]+)`/).map { String($0.1) }) }
    #expect(names.first == Set(event.fields.map(\.journalName)))
    #expect((names.count > 1 ? names[1] : []) == Set(event.optionalFields.map(\.journalName)))
  }

  @Test func thePageListsEachField() throws {
    let text = try String(
      contentsOf: Self.repository.appending(path: "Documentation/events.md"), encoding: .utf8)
    let rows = text.matches(of: #/(?m)^\| `(CERTROTD_[A-Z_]+)` \|/#).map { String($0.1) }
    #expect(rows.sorted() == EventField.allCases.map(\.journalName).sorted())
  }

  @Test func journalctlAcceptsTheCatalog() async throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "certrotd-catalog-\(UUID().uuidString)")
    defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: root) } }
    for folder in ["usr/lib/systemd/catalog", "var/lib/systemd/catalog"] {
      try FileManager.default.createDirectory(at: root.appending(path: folder), withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(
      at: Self.catalogPath, to: root.appending(path: "usr/lib/systemd/catalog/certrotd.catalog"))
    func journalctl(_ arguments: String...) async throws -> String {
      let result = try await Subprocess.run(
        .name("journalctl"), arguments: .init(["--root", root.path()] + arguments),
        output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
      #expect(result.terminationStatus.isSuccess)
      // Complaints about a catalog do not change journalctl's exit status.
      #expect(result.standardError == "")
      return result.standardOutput
    }
    _ = try await journalctl("--update-catalog")
    let listed = try await journalctl("--list-catalog").split(separator: "\n").map { String($0.prefix(32)) }
    #expect(listed.sorted() == Event.allCases.map(\.messageID).sorted())
  }
}
