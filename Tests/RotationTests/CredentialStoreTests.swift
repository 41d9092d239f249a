// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Host
import Rotation
import Settings
import SystemPackage
import TestSupport
import Testing

struct CredentialStoreTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func store() -> CredentialStore { CredentialStore(folder: folder.path) }

  @Test(arguments: [
    ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), ("secret\n\n", "secret\n"),
    (" s \n", " s "),
  ])
  func `one final line break is cut`(content: String, secret: String) throws {
    try folder.write("password", bytes: content.utf8)
    for reference in [CredentialReference.systemd(name: "password"), .file(folder.file("password"))] {
      #expect(try store().secret(reference) == SecretBytes(copying: secret.utf8))
    }
  }

  @Test(arguments: [0o640, 0o604, 0o644, 0o601, 0o620] as [CModeT])
  func `a file that others may use is refused`(mode: CModeT) throws {
    let path = folder.file("open")
    try HostFiles().createFile(
      at: path, mode: FilePermissions(rawValue: mode), contents: SecretBytes(copying: "hidden".utf8), sync: false)
    let error = #expect(throws: CredentialError.self) { try store().secret(.file(path)) }
    guard case .tooOpen(path, let found)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found.rawValue == mode)
    let text = try #require(error?.description)
    #expect(text.contains("mode 0\(String(mode, radix: 8))") && text.contains("chmod 0600 \(path)"))
    #expect(!text.contains("hidden"))
  }

  @Test(arguments: ["", "\n", "\r\n", "\r"])
  func `what is empty is no secret`(content: String) throws {
    try folder.write("password", bytes: content.utf8)
    for reference in [CredentialReference.systemd(name: "password"), .file(folder.file("password"))] {
      let error = #expect(throws: CredentialError.self) { try store().secret(reference) }
      #expect(error?.description.contains("is empty") == true)
    }
  }

  @Test func `only another secret is a change, and one that could not be used`() throws {
    let path = folder.file("password")
    let store = store()
    func setMode(_ mode: Int) throws {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.string)
    }
    try folder.write("password", bytes: "one".utf8)
    _ = try store.secret(.file(path))
    #expect(!store.hasChanged(path))
    try setMode(0o640)
    #expect(!store.hasChanged(path), "it cannot be used, so that trying again is no use")
    try setMode(0o600)
    #expect(!store.hasChanged(path), "nobody has missed it")
    try setMode(0o640)
    #expect(throws: CredentialError.self) { try store.secret(.file(path)) }
    try setMode(0o600)
    #expect(store.hasChanged(path))
    #expect(!store.hasChanged(path))
    try folder.write("password", bytes: "two".utf8)
    // Another service key may use it before this one is told.
    _ = try store.secret(.file(path))
    #expect(store.hasChanged(path))
    try folder.write("password", bytes: "two\n".utf8)
    #expect(!store.hasChanged(path))
  }

  @Test func `systemd's own files are taken as they are`() throws {
    // systemd.exec(5) makes them mode 0400 or 0440 in a folder that only the service may enter.
    try HostFiles().createFile(
      at: folder.file("given"), mode: [.ownerRead, .groupRead], contents: SecretBytes(copying: "x".utf8), sync: false)
    #expect(try store().secret(.systemd(name: "given")) == SecretBytes(copying: "x".utf8))
  }

  @Test func `what is missing is named with what to do`() throws {
    let none = #expect(throws: CredentialError.self) {
      try CredentialStore(folder: nil).secret(.systemd(name: "pfx"))
    }
    #expect(none?.description.contains("LoadCredential=pfx:FILE") == true)
    for reference in [CredentialReference.systemd(name: "absent"), .file(folder.file("absent"))] {
      let error = #expect(throws: CredentialError.self) { try store().secret(reference) }
      #expect(error?.description.contains("absent") == true && error?.description.contains("ENOENT") == true)
      #expect(error?.culprit == .configuration)
    }
  }
}
