// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Glibc
import Host
import SystemPackage
import TestSupport
import Testing

@Suite struct DeliveryRefusalTests {
  private func file(_ destination: DeliveryDestination) -> DeliveryItem {
    .file(DeliveryFile(destination: destination, mode: .ownerReadWrite, contents: SecretBytes(copying: [1])))
  }

  @Test(arguments: [
    "", "/absolute", "../up", "a/../b", ".hidden", ".outside/1", "./a",
  ])
  func refusesPathsThatLeaveTheGeneration(path: String) {
    let error = #expect(throws: DeliveryError.self) { try DeliverySet([file(.inGeneration(path))]) }
    #expect(error?.culprit == .configuration)
  }

  @Test(arguments: ["relative", "/", "/usr/../etc/x"])
  func refusesOutsidePathsThatAreNotPlain(path: String) {
    #expect(throws: DeliveryError.self) { try DeliverySet([file(.outside(FilePath(path)))]) }
  }

  @Test func refusesItemsThatCollide() {
    #expect(throws: DeliveryError.self) { try DeliverySet([]) }
    #expect(throws: DeliveryError.self) { try DeliverySet([file(.inGeneration("a")), file(.inGeneration("a"))]) }
    #expect(throws: DeliveryError.self) { try DeliverySet([file(.inGeneration("a")), file(.inGeneration("a/b"))]) }
    #expect(throws: DeliveryError.self) { try DeliverySet([file(.outside("/x/y")), file(.outside("/x"))]) }
    for names in [["a", "a"], ["a/b"], [".."], [""]] {
      let folder = DeliveryFolder(
        destination: .inGeneration("f"), mode: .ownerReadWriteExecute,
        members: names.map { .init(name: $0, mode: .ownerRead, contents: SecretBytes(copying: [])) })
      #expect(throws: DeliveryError.self, "\(names)") { try DeliverySet([.folder(folder)]) }
    }
  }

  @Test func checksOutsideFoldersBeforeAnythingIsWritten() throws {
    let keystore = try KeystoreFixture()
    try HostFiles().removeTree(at: keystore.folder.file("out/sec"))
    let error = #expect(throws: DeliveryError.self) { try keystore.store().stage(1, keystore.set(1)) }
    #expect(error?.culprit == .configuration)
    #expect(error?.description.contains("out/sec: No such file or directory (ENOENT). Create the folder") == true)
    #expect(try keystore.store().list() == [])
    #expect(try HostFiles().linkStatusIfPresent(of: keystore.root) == nil)
  }

  @Test func saysWhatToAllowWhenTheUnitForbidsTheFolder() throws {
    let keystore = try KeystoreFixture()
    let probe = FailingFileCalls()
    try keystore.store(probe).stage(1, keystore.set(1))
    let number = try #require(probe.log.firstIndex { $0.hasPrefix("access") }) + 1
    let error = #expect(throws: DeliveryError.self) {
      try keystore.store(FailingFileCalls(.once(number: number, .readOnlyFileSystem))).stage(2, keystore.set(2))
    }
    #expect(error?.culprit == .host, "what the host does not permit is no mistake in the configuration")
    #expect(error?.description.contains("ReadWritePaths=\(keystore.folder.file("out/sec")) with a drop-in") == true)
  }

  @Test func refusesToReplaceAFolderByAFileAndItsOwnFolder() throws {
    let keystore = try KeystoreFixture()
    try HostFiles().makeDirectory(at: keystore.pse, mode: .ownerReadWriteExecute)
    let error = #expect(throws: DeliveryError.self) { try keystore.store().stage(1, keystore.set(1)) }
    #expect(error?.culprit == .configuration)
    let inside = try DeliverySet([file(.outside(keystore.root.appending("x")))])
    #expect(throws: DeliveryError.self) { try keystore.store().stage(1, inside) }
  }

  /// The owner of the destination's folder replaces it, between staging and activating, by a link to a folder of root.
  @Test(.enabled(if: getuid() == 0)) func isNotLedAstrayByALink() throws {
    let keystore = try KeystoreFixture()
    try keystore.deliver(upTo: 1)
    try keystore.store().stage(2, keystore.set(2))
    let victim = keystore.folder.file("victim")
    try HostFiles().makeDirectory(at: victim, mode: .ownerReadWriteExecute)
    try keystore.folder.write("victim/client.pse", "precious")
    try HostFiles().rename(from: keystore.folder.file("out/sec"), to: keystore.folder.file("out/away"))
    try HostFiles().symbolicLink(at: keystore.folder.file("out/sec"), target: victim)
    #expect(unsafe lchown(keystore.folder.file("out/sec").string, 54321, 54321) == 0)
    let error = #expect(throws: DeliveryError.self) { try keystore.store().activate(2) }
    #expect(error?.culprit == .configuration)
    #expect(error?.description.contains("symbolic link of user 54321") == true)
    #expect(try keystore.folder.read("victim/client.pse") == "precious")
    #expect(try HostFiles().list(victim) == ["client.pse"])
    #expect(try keystore.store().current() == 1)
  }

  @Test(.enabled(if: getuid() == 0)) func givesFilesToTheirOwnerAndGroup() throws {
    let keystore = try KeystoreFixture()
    let item = DeliveryFile(
      destination: .outside(keystore.pse), owner: 54321, group: 54322, mode: FilePermissions(rawValue: 0o640),
      contents: SecretBytes(copying: [1]))
    try keystore.store().stage(1, DeliverySet([.file(item)]))
    try keystore.store().activate(1)
    let status = try HostFiles().status(of: keystore.pse)
    #expect(status.owner == 54321 && status.group == 54322)
    #expect(try keystore.store().damage(of: 1) == [])
    #expect(unsafe chown(keystore.pse.string, 0, 0) == 0)
    #expect(
      try keystore.store().damage(of: 1) == [
        Damage(path: keystore.pse, fault: .owner(is: 0, shouldBe: 54321)),
        Damage(path: keystore.pse, fault: .group(is: 0, shouldBe: 54322)),
      ])
  }
}
