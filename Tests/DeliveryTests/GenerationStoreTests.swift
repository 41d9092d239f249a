// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Foundation
import Host
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct GenerationStoreTests {
  private let keystore: KeystoreFixture
  private let store: GenerationStore
  private let files = HostFiles()

  init() throws {
    keystore = try KeystoreFixture()
    store = keystore.store()
  }

  @Test func anEmptyStoreHasNothing() throws {
    #expect(try store.list() == [])
    #expect(try store.current() == nil)
    #expect(try store.prune() == [])
    try store.discardPartials()
    #expect(throws: DeliveryError.self) { try store.activate(1) }
    #expect(throws: DeliveryError.self) { try store.readBack(1) }
    #expect(try files.linkStatusIfPresent(of: keystore.root) == nil, "looking makes nothing")
  }

  @Test func stagingPutsNothingInForce() throws {
    try store.stage(1, keystore.set(1))
    #expect(try store.list() == [1])
    #expect(try store.current() == nil)
    #expect(try files.linkStatusIfPresent(of: keystore.pse) == nil)
    let read = try store.readBack(1)
    #expect(read.map(\.member) == [nil, nil, "a", "b", nil, "root-1.crt"])
    #expect(
      read.map { String(decoding: $0.contents.copyBytes(), as: UTF8.self) }
        == ["cert 1", "key 1", "a 1", "b 1", "pse 1", "root-1.crt 1"])
    #expect(read[1].destination == .inGeneration("sub/key.key"))
    #expect(read[4].destination == .outside(keystore.pse))
  }

  @Test func everyFileHasItsModeAndCopiesAreClosed() throws {
    try keystore.deliver(upTo: 1)
    let folder = store.directory(of: 1)
    let modes: [(FilePath, CModeT)] = [
      (folder, 0o755), (folder.pushing("cert.pem"), 0o644), (folder.pushing("sub"), 0o755),
      (folder.pushing("sub/key.key"), 0o600), (folder.pushing("list"), 0o755), (folder.pushing("list/a"), 0o644),
      (folder.pushing(".outside"), 0o755), (folder.pushing(".outside/4"), 0o600), (folder.pushing(".outside/5"), 0o700),
      (folder.pushing(".outside/5/root-1.crt"), 0o600), (folder.pushing(".manifest.json"), 0o600),
      (keystore.pse, 0o640), (keystore.list, 0o750), (keystore.list.pushing("root-1.crt"), 0o644),
    ]
    for (path, mode) in modes { #expect(try files.linkStatus(of: path).mode.rawValue == mode, "\(path)") }
    #expect(try files.readLink(store.currentLink) == "generations/000001")
  }

  @Test func aNewGenerationReplacesTheOldOneAndTheWayBackIsOpen() throws {
    try keystore.deliver(upTo: 2)
    #expect(try Set(keystore.inForce()) == [2])
    #expect(try store.damage(of: 2) == [])
    let activation = try store.activate(1)
    #expect(activation.switched && activation.replaced == [keystore.pse, keystore.list])
    #expect(activation.leftBehind == [])
    #expect(try Set(keystore.inForce()) == [1])
    #expect(try store.current() == 1)
    #expect(try keystore.debris() == [])
  }

  @Test func whatIsRightIsNotTouched() throws {
    try keystore.deliver(upTo: 1)
    let before = try [keystore.pse, keystore.list, store.currentLink].map(files.linkStatus)
    let activation = try store.activate(1)
    #expect(!activation.switched && activation.replaced == [])
    #expect(try [keystore.pse, keystore.list, store.currentLink].map(files.linkStatus) == before)
    try keystore.folder.write("out/sec/client.pse", "spoiled")
    #expect(try store.activate(1).replaced == [keystore.pse])
    #expect(try store.damage(of: 1) == [])
  }

  @Test func aGenerationNeverChanges() throws {
    try store.stage(1, keystore.set(1))
    let before = try files.status(of: store.directory(of: 1))
    try store.stage(1, keystore.set(1))
    #expect(try files.status(of: store.directory(of: 1)) == before)
    let error = #expect(throws: DeliveryError.self) { try store.stage(1, keystore.set(2)) }
    #expect(error?.reason == .generationExists(1))
  }

  @Test func damagedCopiesAreNotPutInForce() throws {
    try keystore.deliver(upTo: 1)
    try store.stage(2, keystore.set(2))
    let copy = store.directory(of: 2).pushing(".outside/4")
    try files.replaceFile(at: copy, mode: .ownerReadWrite, contents: SecretBytes(copying: "pse 3".utf8))
    let error = #expect(throws: DeliveryError.self) { try store.activate(2) }
    #expect(error?.reason == .damaged(copy) && error?.culprit == .host)
    #expect(try Set(keystore.inForce()) == [1])
  }

  /// Nobody can mend certrotd's own folder by the configuration.
  @Test func filesThatHaveGoneFromAGenerationAreDamage() throws {
    try keystore.deliver(upTo: 1)
    for number in [2, 3] { try store.stage(number, keystore.set(number)) }
    let own = try #require(files.list(store.directory(of: 2)).first { !$0.hasPrefix(".") })
    for (number, path) in [(2, own), (3, ".outside/4")] {
      try files.removeTree(at: store.directory(of: number).pushing(FilePath(path)))
      let error = #expect(throws: DeliveryError.self) { try store.activate(number) }
      guard case .damaged = error?.reason else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(error?.culprit == .host && error?.description.contains("configuration") == false)
    }
    #expect(throws: DeliveryError.self) { try store.readBack(2) }
    #expect(try Set(keystore.inForce()) == [1])
  }

  @Test func unreadableManifestsAreNamed() throws {
    try store.stage(1, keystore.set(1))
    let path = store.directory(of: 1).appending(".manifest.json")
    for text in ["{", #"{"version": 2, "items": []}"#] {
      try files.replaceFile(at: path, mode: .ownerReadWrite, contents: SecretBytes(copying: text.utf8))
      let error = #expect(throws: DeliveryError.self) { try store.activate(1) }
      #expect(error?.description.contains(path.string) == true)
    }
  }

  @Test func pruningKeepsTheNewestTheOneInForceAndTheOneBefore() throws {
    for number in 1...9 { try store.stage(number, keystore.set(number)) }
    try store.activate(3)
    #expect(try store.prune(keep: 5) == [1, 4])
    #expect(try store.list() == [2, 3, 5, 6, 7, 8, 9])
    #expect(try store.prune(keep: 1) == [5, 6, 7, 8])
    #expect(try store.list() == [2, 3, 9])
    #expect(try keystore.debris() == [])
  }

  @Test func aGenerationThatWasGivenUpIsRemoved() throws {
    for number in 1...2 { try store.stage(number, keystore.set(number)) }
    try store.activate(1)
    for number in 1...3 { try store.discard(number) }
    #expect(try store.list() == [1])
    #expect(try keystore.debris() == [])
    #expect(try Set(keystore.inForce()) == [1])
  }

  /// The file was given to another user, and the new one is of the same size.
  @Test func anOldFileThatCannotBeReadIsReplaced() throws {
    try keystore.deliver(upTo: 1)
    let reading = "open \(keystore.pse)"
    try store.stage(2, keystore.set(2))
    let counting = FailingFileCalls()
    try keystore.store(counting).activate(2)
    let number = try 1 + #require(counting.log.firstIndex(of: reading))
    try store.activate(1)
    try keystore.store(FailingFileCalls(.once(number: number, .permissionDenied))).activate(2)
    #expect(try Set(keystore.inForce()) == [2])
    let calls = FailingFileCalls()
    #expect(try keystore.store(calls).damage(of: 2) == [])
    let again = try 1 + #require(calls.log.firstIndex(of: reading))
    #expect(try keystore.store(FailingFileCalls(.once(number: again, .permissionDenied))).damage(of: 2) == [])
  }

  @Test func findsEveryKindOfDamage() throws {
    try keystore.deliver(upTo: 1)
    func expect(_ damage: Damage..., after change: () throws -> Void) throws {
      try change()
      #expect(try store.damage(of: 1) == damage)
      try store.activate(1)
      try #require(try store.damage(of: 1) == [])
    }
    let member = keystore.list.appending("root-1.crt")
    let other = keystore.list.appending("other")
    try expect(Damage(path: keystore.pse, fault: .missing)) { try files.removeTree(at: keystore.pse) }
    try expect(Damage(path: keystore.pse, fault: .otherKind)) {
      try files.rename(from: keystore.pse, to: keystore.folder.file("moved"))
      try files.symbolicLink(at: keystore.pse, target: keystore.folder.file("moved"))
    }
    try expect(Damage(path: keystore.pse, fault: .changedBytes)) {
      try files.replaceFile(
        at: keystore.pse, mode: FilePermissions(rawValue: 0o640), contents: SecretBytes(copying: "pse 7".utf8))
    }
    try expect(
      Damage(
        path: keystore.pse,
        fault: .mode(is: FilePermissions(rawValue: 0o600), shouldBe: FilePermissions(rawValue: 0o640)))
    ) {
      try files.replaceFile(at: keystore.pse, mode: .ownerReadWrite, contents: SecretBytes(copying: "pse 1".utf8))
    }
    try expect(Damage(path: member, fault: .missing), Damage(path: other, fault: .unexpected)) {
      try files.rename(from: member, to: other)
    }
    try expect(Damage(path: store.currentLink, fault: .notInForce(current: nil))) {
      try files.removeTree(at: store.currentLink)
    }
    try files.removeTree(at: store.directory(of: 1).appending("cert.pem"))
    #expect(
      try store.damage(of: 1) == [Damage(path: store.directory(of: 1).appending("cert.pem"), fault: .missing)])
  }

  /// Another set is switched to again and again while a reader opens the folder and reads two files through it.
  @Test func aReaderNeverSeesTwoGenerationsAtOnce() throws {
    try keystore.deliver(upTo: 2)
    let isDone = Atomic(false)
    let seen = Mutex<(pairs: Set<[String]>, outside: Set<String>)>(([], []))
    let failures = Mutex<[String]>([])
    let reader = Thread {
      while !isDone.load(ordering: .relaxed) {
        do {
          let folder = try files.openFolder(at: store.currentLink)
          let pair = try [
            folder.location("cert.pem"),
            FileLocation(folder: folder.descriptor.rawValue, name: "sub/key.key", path: ""),
          ]
          .map { String(decoding: try files.readFile($0, limit: 100).suffix(1), as: UTF8.self) }
          let outside = String(decoding: try files.readFile(keystore.pse, limit: 100), as: UTF8.self)
          seen.withLock {
            $0.pairs.insert(pair)
            $0.outside.insert(outside)
          }
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
      isDone.store(false, ordering: .releasing)
    }
    reader.start()
    for round in 1...40 { try store.activate(round % 2 + 1) }
    while seen.withLock({ $0.pairs.count < 2 }) && failures.withLock(\.isEmpty) {
      try store.activate(1)
      try store.activate(2)
    }
    isDone.store(true, ordering: .releasing)
    while isDone.load(ordering: .acquiring) { sched_yield() }
    #expect(failures.withLock(\.self) == [])
    #expect(seen.withLock(\.pairs) == [["1", "1"], ["2", "2"]])
    #expect(seen.withLock(\.outside).isSubset(of: ["pse 1", "pse 2"]))
  }
}
