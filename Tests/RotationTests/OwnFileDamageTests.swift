// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Foundation
import Host
import Journal
import Keystores
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// What somebody did to the files in `current`, from its event to the repair.
struct OwnFileDamageTests {
  private let site: Site
  private let files = HostFiles()

  init() throws {
    site = try Site()
    try site.folder.write("trust.pem", Authority.one.get().issuing.path.pem)
    try site.configure(
      """
      keystores:
        client:
          identity: none
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          files:
            - pse: {path: client.pse, mode: "0600"}
            - ca-directory: {path: cas}
      """)
  }

  private func current(_ name: String) -> FilePath {
    site.folder.file("state/keystores/client/current").appending(name)
  }

  private func setMode(_ bits: CModeT, of path: FilePath) throws {
    let isFolder = try files.status(of: path).kind == .folder
    let file = try files.calls.open(FileLocation(path), for: isFolder ? .folder : .reading)
    try files.calls.setPermissions(file, FilePermissions(rawValue: bits), path: path)
  }

  private func look(_ daemon: RunningSite) async throws -> [Events.Raised] {
    try await daemon.refresh()
    try await daemon.settle()
    return site.recorder.take()
  }

  @Test(arguments: ["client.pse", "cas"])
  func `a mode that is too open is narrowed, and told once`(name: String) async throws {
    try await site.settle()
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      let before = try files.status(of: current(name))
      try setMode(0o777, of: current(name))
      let told = try await look(daemon)
      #expect(told.map(\.event) == [.keystoreDamaged, .keystoreRecovered])
      #expect(told.first?.fields[.reason]?.contains("which lets every account read and change it") == true, "\(told)")
      #expect(told.first?.fields[.path]?.hasSuffix(name) == true)
      #expect(try files.status(of: current(name)) == before)
      #expect(try await daemon.currentNumber("client") == 1)
      #expect(try await look(daemon).isEmpty)
    }
  }

  @Test func `a foreign file among the certificates is removed, and told once`() async throws {
    try await site.settle()
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try files.createFile(
        at: current("cas").appending("evil.crt"), mode: .ownerReadWrite, contents: SecretBytes(copying: [1]))
      #expect(try await look(daemon).map(\.event) == [.keystoreDamaged, .keystoreRecovered])
      #expect(try !files.list(current("cas")).contains("evil.crt"))
      #expect(try daemon.store("client").damage(of: 1).isEmpty)
      #expect(try await look(daemon).isEmpty)
    }
  }

  /// Its other name keeps the file as it is, so that the generation is made anew.
  @Test func `what cannot be set right is made anew`() async throws {
    try await site.settle()
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      let path = current("client.pse")
      let copy = try files.readSecretFile(path, limit: 1 << 20)
      try files.removeTree(at: path)
      try files.createFile(at: site.folder.file("second"), mode: FilePermissions(rawValue: 0o666), contents: copy)
      try FileManager.default.linkItem(atPath: site.folder.file("second").string, toPath: path.string)
      #expect(try await look(daemon).map(\.event) == [.keystoreDamaged, .keystoreWritten, .keystoreRecovered])
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try daemon.store("client").damage(of: 2).isEmpty)
      #expect(try await look(daemon).isEmpty)
    }
  }

  @Test func `what does not last is told once, until it does`() async throws {
    try await site.settle()
    let calls = FailingFileCalls(.unkeptModes, isArmed: false)
    try await site.run(files: HostFiles(calls: calls)) { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try setMode(0o666, of: current("client.pse"))
      calls.arm()
      let told = try await look(daemon)
      #expect(told.map(\.event) == [.keystoreFailed], "\(told)")
      #expect(told.first?.fields[.culprit] == Culprit.host.rawValue)
      for _ in 1...3 {
        site.clock.advance(by: .days(1))
        #expect(try await look(daemon).isEmpty)
      }
      #expect(try await daemon.currentNumber("client") == 1)
      calls.disarm()
      site.clock.advance(by: .days(1))
      #expect(try await look(daemon).map(\.event) == [.keystoreDamaged, .keystoreRecovered])
      #expect(try await look(daemon).isEmpty)
    }
  }

  @Test func `going back to a generation sets it right first`() async throws {
    try await site.settle()
    try await site.run { daemon in
      try site.folder.write("trust.pem", Authority.two.get().issuing.path.pem)
      try await daemon.services.refresher.changed(site.folder.file("trust.pem"))
      try await daemon.settle()
      let now = try #require(try await daemon.currentNumber("client"))
      let first = daemon.store("client").directory(of: 1).appending("client.pse")
      try setMode(0o666, of: first)
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let shelf = GenerationShelf(layout: daemon.context.layout, files: files)
      _ = try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: 1)
      #expect(now == 2)
      #expect(try files.status(of: first).mode == .ownerReadWrite)
      #expect(try daemon.store("client").damage(of: 1).isEmpty)
    }
  }

  /// Has another trust list become due.
  private func changeTrust(_ daemon: RunningSite) async throws {
    try site.folder.write("trust.pem", Authority.two.get().issuing.path.pem)
    try await daemon.services.refresher.changed(site.folder.file("trust.pem"))
    try await daemon.settle()
  }

  @Test func `what somebody did is told although other files take the place of these, which are set right, too`()
    async throws
  {
    try await site.settle()
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      let left = daemon.store("client").directory(of: 1).appending("client.pse")
      try setMode(0o644, of: left)
      try await changeTrust(daemon)
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.keystoreDamaged, .keystoreWritten, .keystoreRecovered], "\(told.map(\.message))")
      #expect(told.first?.message.contains("generation 2 takes their place") == true)
      #expect(told.first?.fields[.reason]?.contains("which lets every account read it") == true)
      #expect(try files.status(of: left).mode == .ownerReadWrite, "its key may be the one of generation 2")
      #expect(try await look(daemon).isEmpty)
    }
  }

  @Test func `who goes back from files that somebody changed hears of it`() async throws {
    try await site.settle()
    try await site.run { daemon in
      try await changeTrust(daemon)
      let left = daemon.store("client").directory(of: 2).appending("client.pse")
      try setMode(0o644, of: left)
      _ = site.recorder.take()
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
      let shelf = GenerationShelf(layout: daemon.context.layout, files: files)
      _ = try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: 1)
      #expect(
        site.recorder.takeNames().prefix(3) == [.keystoreDamaged, .keystoreRolledBack, .keystoreRecovered])
      #expect(try files.status(of: left).mode == .ownerReadWrite)
    }
  }
}
