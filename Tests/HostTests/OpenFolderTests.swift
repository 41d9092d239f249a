// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage
import TestSupport
import Testing

/// Folders behind symbolic links, which another account may have put there.
@Suite struct OpenFolderTests {
  private let folder: TemporaryFolder
  private let files = HostFiles()
  /// Accounts that need not exist.
  private let attacker: UInt32 = 54321
  private let victim: UInt32 = 54322

  init() throws {
    folder = try TemporaryFolder()
    try files.makeDirectory(at: folder.file("real"), mode: .ownerReadWriteExecute)
    try files.symbolicLink(at: folder.file("link"), target: "./sub/../real")
    try files.makeDirectory(at: folder.file("sub"), mode: .ownerReadWriteExecute)
  }

  private func give(_ name: String, to user: UInt32) throws {
    let result = unsafe lchown(folder.file(name).string, user, .max)
    try #require(result == 0, "giving files away needs root")
  }

  @Test func followsOwnLinks() throws {
    let opened = try files.openFolder(at: folder.file("link"))
    try files.createFile(opened.location("file"), mode: .ownerRead, contents: SecretBytes(copying: []))
    #expect(try files.list(folder.file("real")) == ["file"])
  }

  /// `certrotd pse convert a.pse` must find the folder of `a.pse`.
  @Test func aBareNameLiesInTheCurrentFolder() throws {
    let opened = try files.openFolder(at: FilePath("a.pse").removingLastComponent())
    #expect(try files.list(opened).sorted() == files.list(".").sorted())
  }

  @Test func staysInTheFolderWhenItsPathIsTurnedElsewhere() throws {
    let opened = try files.openFolder(at: folder.file("real"))
    try files.rename(from: folder.file("real"), to: folder.file("moved"))
    try files.symbolicLink(at: folder.file("real"), target: folder.file("sub"))
    try files.createFile(opened.location("file"), mode: .ownerRead, contents: SecretBytes(copying: []))
    #expect(try files.list(folder.file("moved")) == ["file"])
    #expect(try files.list(folder.file("sub")).isEmpty)
  }

  @Test(.enabled(if: getuid() == 0)) func followsALinkIntoWhatItsOwnerOwns() throws {
    try give("link", to: attacker)
    try give("real", to: attacker)
    #expect(try files.list(folder.file("link")).isEmpty)
  }

  @Test(.enabled(if: getuid() == 0)) func refusesALinkIntoWhatAnotherOwns() throws {
    try give("link", to: attacker)
    for owner in [0, victim] {
      try give("real", to: owner)
      let error = #expect(throws: SystemError.self) { _ = try files.openFolder(at: folder.file("link")).path }
      #expect(error?.errno == .tooManySymbolicLinkLevels)
      #expect(error?.detail == "a symbolic link of user 54321 leads into what user \(owner) owns")
    }
  }

  @Test func refusesLoopsFilesAndWhatIsMissing() throws {
    try files.symbolicLink(at: folder.file("loop"), target: "loop")
    try folder.write("file", "")
    for (name, errno) in [
      ("loop", Errno.tooManySymbolicLinkLevels), ("file", .notDirectory), ("absent", .noSuchFileOrDirectory),
    ] {
      let error = #expect(throws: SystemError.self) { _ = try files.openFolder(at: folder.file(name)).path }
      #expect(error?.errno == errno)
    }
  }
}
