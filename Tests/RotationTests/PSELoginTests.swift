// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Glibc
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Credentials for PSE files with a PIN, by a program that stands in for SAP's own tool.
struct PSELoginTests {
  private let site: Site
  private let tool: SapgenpseStandIn
  private let leaf: TestIdentity
  private let trust: [Certificate]
  private let pin = "geheim-4711"

  init() throws {
    site = try Site()
    leaf = try Authority.one.get().leaf("client") { $0.keyKind = .rsa(bits: 2048) }
    trust = try Authority.two.get().issuing.path
    try site.folder.write("certificate.pem", leaf.path.pem)
    try site.folder.write("key.pem", bytes: try leaf.key.pem(.pkcs8).copyBytes())
    try site.folder.write("trust.pem", trust.pem)
    let none = SecretBytes(copying: [])
    tool = try SapgenpseStandIn(imported: none, complete: none, other: none)
    try site.folder.write("pin", bytes: Array("\(pin)\n".utf8))
    try tool.folder.write("pin", bytes: Array(pin.utf8))
  }

  private func configure(_ more: String = "", hooks: String = "") throws {
    try site.configure(
      """
      keystores:
        client:
          identity: {pem: {certificate: \(site.folder.file("certificate.pem")), key: \(site.folder.file("key.pem"))}}
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          files:
            - pse:
                path: \(site.folder.file("out.pse"))
                pin-credential: \(site.folder.file("pin"))
                sapgenpse: \(tool.program)
                seclogin: abcadm
                \(more)
          \(hooks)
      """)
  }

  private func delivered() throws -> KeystoreContent {
    try RunningSite.read(site.folder.file("out.pse"), as: .pse(.init(pin: SecretBytes(copying: pin.utf8))))
  }

  /// What the test wrote before the daemon came.
  private func place(_ credentials: String) throws { try site.folder.write("cred_v2", credentials) }

  @Test func `they are made anew after each change, and the PIN is in no argument`() async throws {
    try tool.folder.write("pin", bytes: Array("0000".utf8))
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.hookFailed).first)
      #expect(
        failure.fields[.reason] == "ended with exit status 1, and printed “Please enter PIN: (Wrong PIN/Passphrase)”")
      #expect(!failure.fields.values.joined().contains(pin))
      try tool.folder.write("pin", bytes: Array(pin.utf8))
      site.clock.advance(by: .minutes(10))
      try await daemon.settle()
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.hookRecovered])
      #expect(told.first?.message.hasSuffix("succeeded after one failure") == true, "\(told)")
      #expect(try site.folder.read("cred_v2") == "abcadm\n")
      #expect(try delivered().identity?.certificate == leaf.certificate)
      try HostFiles().removeTree(at: site.folder.file("cred_v2"))
      try site.folder.write("trust.pem", (trust + [leaf.issuers[0]]).pem)
      try await daemon.services.refresher.changed(site.folder.file("trust.pem"))
      try await daemon.settle()
      #expect(try site.folder.read("cred_v2") == "abcadm\n")
    }
    let calls = try tool.calls
    #expect(calls.count == 3 && Set(calls) == ["seclogin -p \(site.folder.file("out.pse")) -O abcadm"])
    let left = try HostFiles().list(site.layout.scratch).filter { $0.hasPrefix("sapgenpse-") }
    #expect(left.isEmpty, "its folder is removed")
  }

  @Test func `a tool that says it wrote them and did not has failed`() async throws {
    try tool.behave(.noFile)
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.hookFailed).first)
      #expect(failure.fields[.reason]?.contains("wrote no \(site.folder.file("cred_v2"))") == true)
    }
  }

  @Test func `those from before are no success, and stay until there are new ones`() async throws {
    try place("of another file\n")
    try tool.behave(.noFile)
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.hookFailed).first)
      #expect(failure.fields[.reason]?.contains("left \(site.folder.file("cred_v2")) as it was") == true)
      #expect(try site.folder.read("cred_v2") == "of another file\n")
      try tool.behave(.good)
      site.clock.advance(by: .minutes(10))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.hookRecovered])
    }
    #expect(try site.folder.read("cred_v2") == "of another file\nabcadm\n", "those of other files are kept")
  }

  @Test(arguments: [SapgenpseStandIn.Behaviour.crashes, .wrongPINWithoutStatus])
  func `whatever the tool does wrong, those in force stay`(behaviour: SapgenpseStandIn.Behaviour) async throws {
    try place("of another file\n")
    try tool.behave(behaviour)
    try configure()
    #expect(try await site.settle().contains(.hookFailed))
    #expect(try site.folder.read("cred_v2") == "of another file\n")
  }

  @Test func `they are handed over like the PSE`() async throws {
    let isRoot = geteuid() == 0
    let (owner, group) = isRoot ? (65_534, 65_533) : (geteuid(), getegid())
    try configure("mode: \"0440\"\n          owner: \(owner)\n          group: \(group)")
    #expect(try await !site.settle().contains(.hookFailed))
    for name in ["out.pse", "cred_v2"] {
      let status = try HostFiles().status(of: site.folder.file(name))
      #expect(status.mode == FilePermissions(rawValue: 0o440) && status.owner == owner && status.group == group)
    }
  }

  @Test func `those that exist keep their owner, group and mode`() async throws {
    let isRoot = geteuid() == 0
    let (owner, group) = isRoot ? (65_534, 65_533) : (geteuid(), getegid())
    let others: (UInt32, UInt32) = isRoot ? (54_321, 54_322) : (geteuid(), getegid())
    try HostFiles().createFile(
      at: site.folder.file("cred_v2"), mode: FilePermissions(rawValue: 0o660), owner: others.0, group: others.1,
      contents: SecretBytes(copying: "of another file\n".utf8))
    try configure("mode: \"0440\"\n          owner: \(owner)\n          group: \(group)")
    #expect(try await !site.settle().contains(.hookFailed))
    let status = try HostFiles().status(of: site.folder.file("cred_v2"))
    #expect(status.mode == FilePermissions(rawValue: 0o660) && status.owner == others.0 && status.group == others.1)
    #expect(try site.folder.read("cred_v2") == "of another file\nabcadm\n")
    #expect(try HostFiles().status(of: site.folder.file("out.pse")).mode == FilePermissions(rawValue: 0o440))
  }

  @Test func `a link that an administrator made is not replaced`() async throws {
    try site.folder.write("shared_cred_v2", "of another file\n")
    let (link, target) = (site.folder.file("cred_v2"), site.folder.file("shared_cred_v2"))
    try HostFiles().symbolicLink(at: link, target: target)
    try configure()
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.hookFailed).first)
      let reason = try #require(failure.fields[.reason])
      #expect(reason.contains("\(link) is a symbolic link to \(target)") && reason.contains("'secudir'"), "\(reason)")
    }
    #expect(try HostFiles().readLink(link) == target && site.folder.read("shared_cred_v2") == "of another file\n")
  }

  @Test func `a PIN that the tool repeats is told to nobody`() async throws {
    try configure()
    try tool.behave(.echoes)
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.hookFailed).first)
      #expect(failure.fields[.reason]?.contains("Please enter PIN: got ***") == true, "\(failure.fields)")
      #expect(!"\(failure)".contains(pin))
    }
  }

  @Test func `hooks wait for them, and the failure says so`() async throws {
    let mark = site.folder.file("restarted")
    try configure(hooks: "after-change: [[/bin/sh, -c, 'test -e \(site.folder.file("cred_v2")) && touch \(mark)']]")
    try tool.behave(.silent)
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.hookFailed).first)
      #expect(failure.message.contains("the hooks of the keystore wait for the credentials"), "\(failure.message)")
      #expect(try HostFiles().linkStatusIfPresent(of: mark) == nil)
      #expect(await daemon.context.landscape.inventory.hooks.map(\.attempts) == [1, 0])
    }
    try tool.behave(.good)
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try HostFiles().linkStatusIfPresent(of: mark) == nil, "also after a restart")
      site.clock.advance(by: .minutes(10))
      try await daemon.settle()
      #expect(try HostFiles().linkStatusIfPresent(of: mark) != nil)
      #expect(await daemon.context.landscape.inventory.hooks.isEmpty)
    }
  }
}
