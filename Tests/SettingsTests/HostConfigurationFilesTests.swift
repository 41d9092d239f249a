// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import SystemPackage
import TestSupport
import Testing

@testable import Settings

struct HostConfigurationFilesTests {
  private let files = HostConfigurationFiles()

  @Test func `real files are read with their facts`() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.appending("a.yaml")
      let calls = HostFiles()
      try calls.createFile(
        at: path, mode: FilePermissions(rawValue: 0o640), contents: SecretBytes(copying: "a: 1".utf8))
      try calls.symbolicLink(at: folder.appending("link"), target: path)
      #expect(try files.read(folder.appending("link"), limit: 4) == Array("a: 1".utf8))
      #expect(try files.facts(of: folder.appending("link")) == FileFacts(kind: .file, mode: 0o640))
      #expect(try files.facts(of: folder) == FileFacts(kind: .directory, mode: 0o700))
      #expect(try files.list(folder).sorted() == ["a.yaml", "link"])
      try files.checkReadable(path)
      try files.checkReadable(folder)
      #expect(throws: FileProblem.tooLarge(limit: 3)) { try files.read(path, limit: 3) }
      #expect(throws: FileProblem.wrongKind) { try files.read(folder, limit: 3) }
      #expect(throws: FileProblem.missing) { try files.read(folder.appending("b"), limit: 3) }
      #expect(throws: FileProblem.missing) { try files.facts(of: path.appending("b")) }
      #expect(throws: FileProblem.missing) { try files.list(folder.appending("b")) }
      #expect(throws: FileProblem.missing) { try files.checkReadable(folder.appending("b")) }
    }
  }

  @Test func `a configuration is read from disk`() async throws {
    try await TemporaryFolder.with { folder in
      let calls = HostFiles()
      let mode = FilePermissions(rawValue: 0o644)
      try calls.makeDirectory(at: folder.appending("conf.d"), mode: FilePermissions(rawValue: 0o755))
      let texts = [
        "main.yaml": "endpoints: {a: {url: a.example}}", "conf.d/b.yaml": "endpoints: {b: {url: b.example}}",
      ]
      for (name, text) in texts {
        try calls.createFile(at: folder.pushing(FilePath(name)), mode: mode, contents: SecretBytes(copying: text.utf8))
      }
      let reading = ConfigurationReader.read(main: folder.appending("main.yaml"), files: files)
      #expect(reading.configuration?.endpoints.map(\.name) == ["a", "b"])
    }
  }

  @Test(.enabled(if: FileAccess.isRoot)) func `files are judged with the rights of an account`() async throws {
    try await TemporaryFolder.with { folder in
      let calls = HostFiles()
      let account = Account(name: "somebody", user: 4711, group: 4_000_000_000, groups: [4_000_000_000])
      let files = HostConfigurationFiles(account: account)
      let closed = folder.appending("keys")
      try calls.makeDirectory(at: closed, mode: FilePermissions(rawValue: 0o700))
      let path = closed.appending("key.json")
      try calls.createFile(at: path, mode: FilePermissions(rawValue: 0o600), contents: SecretBytes(copying: [1]))
      func problem() -> FileProblem? {
        do {
          try FileAccess.with(account) { try files.checkReadable(path) }
          return nil
        } catch {
          return error as? FileProblem
        }
      }
      func refused(_ obstacle: FileRefusal.Obstacle) -> FileProblem {
        .refused(FileRefusal(account: "somebody", group: "4000000000", obstacle: obstacle))
      }
      #expect(problem() == refused(.way(folder)))
      try calls.settle(calls.openFolder(at: folder), mode: FilePermissions(rawValue: 0o711))
      #expect(problem() == refused(.way(closed)))
      try calls.settle(calls.openFolder(at: closed), mode: FilePermissions(rawValue: 0o711))
      #expect(problem() == refused(.file(path)))
      try files.checkReadable(path)
    }
  }
}
