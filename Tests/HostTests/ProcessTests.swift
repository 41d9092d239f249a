// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage
import TestSupport
import Testing

@Suite struct ProcessTests {
  @Test func knowsAccounts() throws {
    #expect(try Accounts.userID(named: "root") == 0)
    #expect(try Accounts.groupID(named: "root") == 0)
    #expect(try Accounts.userID(named: "4711") == 4711)
    #expect(try Accounts.userID(named: "no-such-user") == nil)
    #expect(try Accounts.groupID(named: "no-such-group") == nil)
  }

  @Test func onlyOneHolderHasTheLock() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("lock")
    #expect(try isFree(path), "nobody has it yet")
    do {
      let holder = try FileLock.acquire(at: path, wait: false)
      #expect(try !isFree(path))
      _ = consume holder
    }
    #expect(try isFree(path), "the holder is gone")
    #expect(try HostFiles().status(of: path).mode == .ownerReadWrite)
  }

  @Test func aCopyInAForkedChildDoesNotKeepTheLock() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("lock")
    let holder = try FileLock.acquire(at: path, wait: false)
    // What fork(2) gives a child, in this process.
    let copy = dup(try #require(try openDescriptor(of: path)))
    defer { close(copy) }
    _ = consume holder
    #expect(try isFree(path))
  }

  /// The descriptor under which this process has the file open, proc(5).
  private func openDescriptor(of path: FilePath) throws -> Int32? {
    let folder = FilePath("/proc/self/fd")
    return try HostFiles().list(folder).first { name in
      (try? HostFiles().readLink(folder.appending(name))) == path
    }.flatMap { Int32($0) }
  }

  private func isFree(_ path: FilePath) throws -> Bool {
    let lock = try FileLock.acquire(at: path, wait: false)
    return lock != nil
  }

  @Test func raisesTheDescriptorLimit() throws {
    let number = try ProcessLimits.raiseDescriptorLimit()
    var limit = rlimit()
    #expect(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
    #expect(UInt64(limit.rlim_cur) == number && limit.rlim_cur == limit.rlim_max)
  }

  @Test func outlivesAPipeThatNobodyReads() throws {
    ProcessLimits.ignoreBrokenPipes()
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    close(ends[0])
    #expect(unsafe write(ends[1], [1 as UInt8], 1) == -1 && errno == EPIPE)
    close(ends[1])
  }

  @Test func forbidsCoreFiles() throws {
    try ProcessLimits.forbidCoreDumps()
    let limits = String(decoding: try HostFiles().readFile("/proc/self/limits", limit: 1 << 16), as: UTF8.self)
    let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
    #expect(core?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
  }
}
