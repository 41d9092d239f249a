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

  @Test func `an empty one goes when no daemon needs it any more`() throws {
    let memory = folder.path
    let root = memory.appending("state")
    let layout = StateLayout(root: root, scratch: made([memory], inMemory: [memory], root: root))
    func isThere() throws -> Bool { try HostFiles().linkStatusIfPresent(of: layout.scratch) != nil }
    try HostFiles().makeDirectory(at: root, mode: .ownerReadWriteExecute)
    let lock = try FileLock.acquire(onFolder: layout.root, within: .zero)
    #expect(layout.scratch != root)
    ScratchFolder.discard(layout, logger: logger)
    #expect(try isThere(), "a daemon runs")
    _ = consume lock
    let left = layout.scratch.appending("sapgenpse-x")
    try HostFiles().makeDirectory(at: left, mode: .ownerReadWriteExecute)
    ScratchFolder.discard(layout, logger: logger)
    #expect(try isThere(), "the next start removes what a crash left")
    try HostFiles().removeTree(at: left)
    ScratchFolder.discard(layout, logger: logger)
    #expect(try !isThere())
    let other = StateLayout(root: memory.appending("absent"), scratch: made([memory], inMemory: [memory]))
    ScratchFolder.discard(other, logger: logger)
    #expect(try HostFiles().linkStatusIfPresent(of: other.scratch) == nil, "also where there never was a state")
    ScratchFolder.discard(StateLayout(root: root), logger: logger)
    #expect(try HostFiles().linkStatusIfPresent(of: root) != nil, "never the state")
  }

  @Test func `without memory there is none`() throws {
    #expect(made([folder.path, "relative"], inMemory: ["relative"]) == nil)
    #expect(try HostFiles().list(folder.path).isEmpty)
  }
}
