// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage
import TestSupport
import Testing

@Suite struct FileAccessTests {
  @Test func knowsAccountsWithTheirGroups() throws {
    let root = try #require(try Accounts.account(named: "root"))
    #expect(root.user == 0 && root.group == 0 && root.groups.contains(0))
    #expect(try Accounts.account(named: "no-such-user") == nil)
    #expect(try Accounts.groupName(0) == "root")
    #expect(try Accounts.groupName(4_000_000_000) == "4000000000")
    #expect(try Accounts.current().user == geteuid())
  }

  @Test(.enabled(if: FileAccess.isRoot)) func worksWithTheRightsOfOthers() throws {
    let folder = try TemporaryFolder()
    let files = HostFiles()
    let nobody = Account(name: "somebody", user: 4711, group: 4712, groups: [4712, 4713])
    try files.makeDirectory(at: folder.file("open"), mode: FilePermissions(rawValue: 0o755))
    for (name, mode, group) in [("own", 0o600, 0), ("shared", 0o640, 4713), ("all", 0o644, 0)] {
      try files.createFile(
        at: folder.file("open").appending(name), mode: FilePermissions(rawValue: CModeT(mode)), group: UInt32(group),
        contents: SecretBytes(copying: [1]))
    }
    func isReadable(_ name: String) -> Bool {
      do {
        return try FileAccess.with(nobody) { try files.readFile(folder.file("open").appending(name), limit: 1) } == [1]
      } catch {
        return false
      }
    }
    #expect(!isReadable("all"), "the folder above is closed")
    try files.settle(files.openFolder(at: folder.path), mode: FilePermissions(rawValue: 0o711))
    #expect(isReadable("all") && isReadable("shared") && !isReadable("own"))
    #expect(try files.readFile(folder.file("open").appending("own"), limit: 1) == [1], "the rights are back")
  }
}
