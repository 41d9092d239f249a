// SPDX-License-Identifier: Apache-2.0

import Host
import Logging
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Where secrets pass through that other programs are given.
struct ScratchFolderTests {
  private let folder: TemporaryFolder
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init() throws { folder = try TemporaryFolder() }

  private func made(_ memory: [FilePath], inMemory: Set<FilePath>, root: FilePath = "/state") -> FilePath? {
    ScratchFolder(runtime: nil, memory: memory) { inMemory.contains($0) }.make(for: root, logger: logger)
  }

  @Test func `the folder of the service comes first`() {
    let found = ScratchFolder(environment: ["RUNTIME_DIRECTORY": "/run/certrotd:/run/other"])
      .make(for: "/state", logger: logger)
    #expect(found == "/run/certrotd")
  }

  @Test func `by hand it is a private folder in memory, the same one each time`() throws {
    let memory = folder.path
    let found = try #require(made(["/on/a/disk", memory], inMemory: [memory]))
    #expect(found.removingLastComponent() == memory)
    #expect(try HostFiles().status(of: found).mode == .ownerReadWriteExecute)
    #expect(made([memory], inMemory: [memory]) == found)
    #expect(made([memory], inMemory: [memory], root: "/other") != found, "another daemon has another")
  }

  @Test func `one that others may enter is not used`() throws {
    let memory = folder.path
    let found = try #require(made([memory], inMemory: [memory]))
    try HostFiles().removeTree(at: found)
    try HostFiles().makeDirectory(at: found, mode: [.ownerReadWriteExecute, .otherReadExecute])
    #expect(made([memory], inMemory: [memory]) == nil)
    try HostFiles().removeTree(at: found)
    try HostFiles().symbolicLink(at: found, target: "/tmp")
    #expect(made([memory], inMemory: [memory]) == nil)
  }

  @Test func `without memory there is none`() throws {
    #expect(made([folder.path, "relative"], inMemory: ["relative"]) == nil)
    #expect(try HostFiles().list(folder.path).isEmpty)
  }
}
