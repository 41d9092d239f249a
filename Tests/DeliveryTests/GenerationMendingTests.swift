// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Foundation
import Host
import SystemPackage
import TestSupport
import Testing

/// What somebody did to a generation's own files without changing their bytes.
@Suite struct GenerationMendingTests {
  private let keystore: KeystoreFixture
  private let store: GenerationStore
  private let files = HostFiles()

  init() throws {
    keystore = try KeystoreFixture()
    store = keystore.store()
    try keystore.deliver(upTo: 2)
  }

  private func own(_ name: String, of number: Int = 2) -> FilePath {
    store.directory(of: number).pushing(FilePath(name))
  }

  private func change(_ path: FilePath, mode: CModeT? = nil, owner: UInt32? = nil, group: UInt32? = nil) throws {
    let isFolder = try files.linkStatus(of: path).kind == .folder
    let file = try files.calls.open(FileLocation(path), for: isFolder ? .folder : .reading)
    if let mode { try files.calls.setPermissions(file, FilePermissions(rawValue: mode), path: path) }
    if owner != nil || group != nil { try files.calls.setOwner(file, owner: owner, group: group, path: path) }
  }

  private func mode(_ bits: CModeT) -> FilePermissions { FilePermissions(rawValue: bits) }

  @Test(
    arguments: [
      ("sub/key.key", 0o666, 0o600), ("cert.pem", 0o600, 0o644), ("list/a", 0o646, 0o644), ("list", 0o777, 0o755),
      ("list", 0o700, 0o755), ("sub", 0o777, 0o755), ("", 0o757, 0o755), (".outside/4", 0o640, 0o600),
      (".outside/5", 0o755, 0o700),
    ] as [(String, CModeT, CModeT)])
  func `a wrong mode is found and set right, and the file stays the same`(
    name: String, wrong: CModeT, right: CModeT
  ) throws {
    let path = own(name)
    let before = try files.linkStatus(of: path)
    try change(path, mode: wrong)
    let damage = Damage(path: path, fault: .mode(is: mode(wrong), shouldBe: mode(right)))
    #expect(try store.damage(of: 2) == [damage])
    let activation = try store.activate(2)
    #expect(activation.mended == [damage] && activation.replaced == [] && !activation.switched)
    #expect(try store.damage(of: 2) == [])
    #expect(try files.linkStatus(of: path) == before)
  }

  @Test(.enabled(if: Privileges.user == 0))
  func `another owner or group is found and set right where none is configured, too`() throws {
    for name in ["sub/key.key", "list", "list/a", "sub", ".outside/4"] {
      try change(own(name), owner: 4711)
      #expect(try store.damage(of: 2).map(\.fault) == [.owner(is: 4711, shouldBe: 0)], "\(name)")
      #expect(try store.activate(2).mended.count == 1)
      #expect(try store.damage(of: 2) == [])
    }
    let group = try files.linkStatus(of: own("cert.pem")).group
    try change(own("cert.pem"), group: 4711)
    #expect(try store.damage(of: 2).map(\.fault) == [.group(is: 4711, shouldBe: group)])
    try store.activate(2)
    #expect(try store.damage(of: 2) == [])
    // What lies outside is put there anew.
    try change(keystore.pse, owner: 4711)
    #expect(try store.damage(of: 2) == [Damage(path: keystore.pse, fault: .owner(is: 4711, shouldBe: 0))])
    #expect(try store.activate(2).replaced == [keystore.pse])
    #expect(try store.damage(of: 2) == [])
  }

  @Test func `what somebody put into a delivered folder is removed, and beside one it stays`() throws {
    try files.makeDirectories(at: own("list/sub/deep"), mode: .ownerReadWriteExecute)
    try files.createFile(at: own("list/evil.crt"), mode: mode(0o644), contents: SecretBytes(copying: [1]))
    try files.symbolicLink(at: own("list/link"), target: keystore.pse)
    try files.createFile(at: own("sub/cred_v2"), mode: mode(0o600), contents: SecretBytes(copying: [1]))
    #expect(
      try store.damage(of: 2)
        == ["evil.crt", "link", "sub"].map { Damage(path: own("list").appending($0), fault: .unexpected) })
    try store.activate(2)
    #expect(try store.damage(of: 2) == [])
    #expect(try files.list(own("list")) == ["a", "b"])
    #expect(try files.linkStatusIfPresent(of: keystore.pse) != nil, "links are not followed")
    #expect(try files.linkStatusIfPresent(of: own("sub/cred_v2")) != nil)
  }

  @Test func `an older generation is set right before it is put in force`() throws {
    try change(own("sub/key.key", of: 1), mode: 0o644)
    #expect(try store.activate(1).mended.map(\.path) == [own("sub/key.key", of: 1)])
    #expect(try store.damage(of: 1) == [])
    #expect(try files.linkStatus(of: own("sub/key.key", of: 1)).mode == mode(0o600))
  }

  /// Its other name may be somebody else's file.
  @Test func `a file with a second name is not touched, and its generation is not put in force`() throws {
    let path = own("sub/key.key", of: 1)
    try FileManager.default.linkItem(atPath: path.string, toPath: keystore.folder.file("second").string)
    try change(path, mode: 0o644)
    let error = #expect(throws: DeliveryError.self) { try store.activate(1) }
    guard case .notMended(let damage, let cause?) = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(damage.path == path && cause.errno == .tooManyLinks && error?.culprit == .host)
    #expect(try files.linkStatus(of: path).mode == mode(0o644))
    #expect(try store.current() == 2)
  }

  @Test func `changed bytes are never mended, and a wide open file is not left so silently`() throws {
    try files.replaceFile(at: own("sub/key.key"), mode: mode(0o666), contents: SecretBytes(copying: "key 9".utf8))
    let error = #expect(throws: DeliveryError.self) { try store.activate(2) }
    #expect(error?.reason == .damaged(own("sub/key.key")))
  }

  @Test func `a mode that could not be set, or did not last, is an error`() throws {
    try change(own("sub/key.key"), mode: 0o666)
    let damage = Damage(path: own("sub/key.key"), fault: .mode(is: mode(0o666), shouldBe: mode(0o600)))
    let refused = FailingFileCalls(.every(["fchmod"], .notPermitted))
    let error = #expect(throws: DeliveryError.self) { try keystore.store(refused).activate(2) }
    #expect(
      error?.reason
        == .notMended(damage, SystemError(call: "fchmod", path: damage.path, errno: .notPermitted)))
    let idle = #expect(throws: DeliveryError.self) { try keystore.store(FailingFileCalls(.unkeptModes)).activate(2) }
    #expect(idle?.reason == .notMended(damage, nil))
    #expect("\(damage)".hasSuffix("has mode 0666 instead of 0600, which lets every account read and change it"))
  }
}
