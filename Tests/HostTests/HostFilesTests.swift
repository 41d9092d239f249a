// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage
import TestSupport
import Testing

@Suite struct HostFilesTests {
  private let folder: TemporaryFolder
  private let files = HostFiles()

  init() throws { folder = try TemporaryFolder() }

  @Test func readsWholeFilesUpToTheLimit() throws {
    let path = try folder.write("a", String(repeating: "x", count: 5000))
    #expect(try files.readFile(path, limit: 5000).count == 5000)
    #expect(try files.readSecretFile(path, limit: 5000).count == 5000)
    #expect(throws: SystemError(call: "read", path: path, errno: .fileTooLarge, detail: "more than 4999 bytes")) {
      try files.readFile(path, limit: 4999)
    }
    #expect(throws: SystemError.self) { try files.readSecretFile(path, limit: 4999) }
    let empty = try folder.write("b", "")
    #expect(try files.readFile(empty, limit: 0).isEmpty)
    #expect(try files.readSecretFile(empty, limit: 0).isEmpty)
  }

  /// The kernel says that such files have no bytes at all.
  @Test func readsFilesOfProcWhoseSizeIsUnknown() throws {
    #expect(try files.readFile("/proc/self/status", limit: 1 << 20).starts(with: Array("Name:".utf8)))
  }

  @Test func refusesWhatIsNoRegularFile() throws {
    #expect(throws: SystemError(call: "open", path: "/dev/zero", errno: .invalidArgument, detail: "not a regular file"))
    {
      try files.readFile("/dev/zero", limit: 10)
    }
    #expect(throws: SystemError(call: "open", path: folder.path, errno: .isDirectory, detail: "not a regular file")) {
      try files.readSecretFile(folder.path, limit: 10)
    }
  }

  @Test func createsWithExactlyTheGivenModeWhateverTheUmask() throws {
    let path = folder.file("key")
    try files.createFile(at: path, mode: FilePermissions(rawValue: 0o666), contents: SecretBytes(copying: [1]))
    #expect(try files.status(of: path).mode == FilePermissions(rawValue: 0o666))
    #expect(throws: SystemError(call: "open", path: path, errno: .fileExists)) {
      try files.createFile(at: path, mode: .ownerRead, contents: SecretBytes(copying: [1]))
    }
    try files.makeDirectory(at: folder.file("d"), mode: FilePermissions(rawValue: 0o2777))
    #expect(try files.status(of: folder.file("d")).mode == FilePermissions(rawValue: 0o2777))
  }

  @Test func ownerGroupAndModeAreThereBeforeTheFirstByte() throws {
    let calls = FailingFileCalls()
    try HostFiles(calls: calls).createFile(
      at: folder.file("key"), mode: .ownerRead, owner: getuid(), group: getgid(),
      contents: SecretBytes(copying: [1, 2]))
    #expect(
      calls.log.map { $0.prefix { $0 != " " } }
        == ["create", "fchown", "fchmod", "fchown", "write", "write", "fsync"])
    #expect(try files.status(of: folder.file("key")).group == getgid())
  }

  @Test func replacesByRenameAndTakesTheLinkItself() throws {
    let target = try folder.write("target", "old")
    try files.symbolicLink(at: folder.file("link"), target: target)
    try files.replaceFile(at: folder.file("link"), mode: .ownerReadWrite, contents: SecretBytes(copying: "new".utf8))
    #expect(try files.linkStatus(of: folder.file("link")).kind == .regular)
    #expect(try folder.read("link") == "new")
    #expect(try folder.read("target") == "old")
    #expect(try files.list(folder.path) == ["link", "target"])
    #expect(throws: SystemError.self) {
      try files.replaceFile(at: "/", mode: .ownerRead, contents: SecretBytes(copying: []))
    }
  }

  /// The file has its old bytes or its new ones whichever call fails, and nothing is left beside it.
  @Test func everyFailureOfReplacingLeavesOneWholeFile() throws {
    let path = folder.file("a")
    let new = SecretBytes(copying: "new".utf8)
    let counting = FailingFileCalls()
    try folder.write("a", "old")
    try HostFiles(calls: counting).replaceFile(at: path, mode: .ownerReadWrite, contents: new)
    #expect(counting.count >= 8)
    for number in 1...counting.count {
      try folder.write("a", "old")
      let failing = HostFiles(calls: FailingFileCalls(.once(number: number, .noSpace)))
      #expect(throws: SystemError.self) { try failing.replaceFile(at: path, mode: .ownerReadWrite, contents: new) }
      #expect(["old", "new"].contains(try folder.read("a")), "call \(number)")
      #expect(try files.list(folder.path) == ["a"], "call \(number)")
    }
  }

  @Test func leftoversOfACrashAreRecognised() throws {
    let path = folder.file("a")
    // Open and settle are over by then, the rename is not.
    let crashing = HostFiles(calls: FailingFileCalls(.from(number: 12)))
    let error = #expect(throws: SystemError.self) {
      try crashing.replaceFile(
        at: path, mode: .ownerReadWrite, contents: SecretBytes(copying: [UInt8](repeating: 1, count: 99)))
    }
    #expect(error?.detail?.contains("is left behind") == true)
    try folder.write(".a.certrotd-other-thing", "")
    #expect(try files.list(folder.path).count == 2)
    let opened = try files.openFolder(at: folder.path)
    try files.removeLeftovers(for: "a", in: opened)
    #expect(try files.list(folder.path) == [".a.certrotd-other-thing"])
  }

  @Test func removesTreesWithoutFollowingLinks() throws {
    try files.makeDirectories(at: folder.file("a/b/c"), mode: .ownerReadWriteExecute)
    try files.makeDirectories(at: folder.file("a/b/c"), mode: .ownerReadWriteExecute)
    try folder.write("a/b/c/file", "x")
    try folder.write("kept", "x")
    try files.symbolicLink(at: folder.file("a/b/link"), target: "../../kept")
    try files.symbolicLink(at: folder.file("a/folder-link"), target: folder.path)
    #expect(try files.readLink(folder.file("a/b/link")) == "../../kept")
    try files.removeTree(at: folder.file("a"))
    try files.removeTree(at: folder.file("a"))
    #expect(try files.list(folder.path) == ["kept"])
  }

  @Test func exchangesTwoFoldersInOneStep() throws {
    for name in ["a", "b"] {
      try files.makeDirectory(at: folder.file(name), mode: .ownerReadWriteExecute)
      try folder.write("\(name)/name", name)
    }
    try files.exchange(folder.file("a"), with: folder.file("b"))
    #expect(try folder.read("a/name") == "b")
    #expect(try folder.read("b/name") == "a")
  }
}
