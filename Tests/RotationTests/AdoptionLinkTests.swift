// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Host
import Journal
import Keystores
import OpenSSLBridge
import PSEFormat
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A PSE that is adopted under another name than the one that is written: links make them one file.
struct AdoptionLinkTests {
  /// How `adopt` and `path` come to be one file.
  enum Names: CaseIterable {
    case linkedFolder, linkedFolderOfOutput, hardLink, linkToOutput
  }

  private let site: Site
  private let pin = SecretBytes(copying: "1234".utf8)
  private var real: FilePath { site.folder.file("real/old.pse") }

  init() throws {
    site = try Site()
    try site.folder.write("pin", bytes: Array("1234\n".utf8))
    try HostFiles().makeDirectory(at: site.folder.file("real"), mode: .ownerReadWriteExecute)
    try HostFiles().symbolicLink(at: site.folder.file("link"), target: site.folder.file("real"))
    let old = try Authority.one.get().leaf("old", days: 30) { $0.keyKind = .rsa(bits: 2048) }
    let content = KeystoreContent(
      identity: Identity(certificate: old.certificate, key: old.key, issuers: old.issuers),
      trust: try Authority.two.get().issuing.path)
    let bytes = try KeystoreWriter.render(.pse(.init(version: .four, pin: pin)), content, now: aTime)[0].bytes
    let isRoot = geteuid() == 0
    try HostFiles().createFile(
      at: real, mode: .ownerReadWrite, owner: isRoot ? 65_534 : nil, group: isRoot ? 65_533 : nil, contents: bytes)
  }

  private func configure(adopt: FilePath?, path: FilePath, pse: String = "") throws {
    let adoption = adopt.map { "adopt: {file: \($0), pin-credential: \(site.folder.file("pin"))}" } ?? ""
    try site.configure(
      """
      keystores:
        client:
          \(adoption)
          identity: {self-signed: {subject: CN=old}}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          renew-before: 10d
          files: [{pse: {path: \(path)\(pse)}}]
      """)
    try site.folder.write("roots.pem", try Authority.two.get().issuing.path.pem)
  }

  private func names(_ names: Names) throws -> (adopt: FilePath, path: FilePath) {
    switch names {
    case .linkedFolder: return (site.folder.file("link/old.pse"), real)
    case .linkedFolderOfOutput: return (real, site.folder.file("link/old.pse"))
    case .hardLink:
      let other = site.folder.file("other.pse")
      try FileManager.default.linkItem(atPath: real.string, toPath: other.string)
      return (other, real)
    case .linkToOutput:
      let other = site.folder.file("other.pse")
      try HostFiles().symbolicLink(at: other, target: real)
      return (other, real)
    }
  }

  private func open(_ path: FilePath) throws -> PSEDocument {
    try PSEDocument.open(try HostFiles().readSecretFile(path, limit: 1 << 20), pin: pin)
  }

  @Test(arguments: Names.allCases) func `it is made as it was by whatever name`(how: Names) async throws {
    let (adopt, path) = try names(how)
    let before = try HostFiles().status(of: path)
    func expectAlike() throws {
      let (after, document) = (try HostFiles().status(of: path), try open(path))
      #expect((after.owner, after.group, after.mode) == (before.owner, before.group, before.mode))
      #expect(document.version == .four && document.isPINProtected && after.inode != before.inode)
    }
    try configure(adopt: adopt, path: path)
    #expect(try await site.settle().contains(.keystoreWritten))
    try expectAlike()
    #expect(try await site.settle() == [.started, .configurationApplied], "nothing is written again")
  }

  @Test(arguments: Names.allCases) func `it stays so when that name and adopt are gone`(how: Names) async throws {
    let (adopt, path) = try names(how)
    try configure(adopt: adopt, path: path)
    try await site.settle()
    let before = try HostFiles().status(of: path)
    if adopt != real { try HostFiles().removeTree(at: how == .linkedFolder ? site.folder.file("link") : adopt) }
    try configure(adopt: nil, path: path, pse: ", pin-credential: \(site.folder.file("pin"))")
    site.clock.advance(by: .days(25))
    try await site.settle()
    let (after, document) = (try HostFiles().status(of: path), try open(path))
    #expect((after.owner, after.group, after.mode) == (before.owner, before.group, before.mode))
    #expect(document.version == .four && after.inode != before.inode)
  }

  @Test(arguments: [true, false]) func `a link that an administrator made is not replaced`(isAdopted: Bool) async throws
  {
    let link = site.folder.file("name.pse")
    try HostFiles().symbolicLink(at: link, target: real)
    let before = try HostFiles().readFile(real, limit: 1 << 20)
    try configure(adopt: isAdopted ? link : real, path: link)
    try await site.run { daemon in
      try await daemon.settle()
      let failure = try #require(site.recorder.take(.keystoreFailed).first)
      #expect(failure.message.contains("\(link) is a symbolic link to \(real)"), "\(failure.message)")
      #expect(failure.fields[.culprit] == "configuration")
      #expect(try await daemon.currentNumber("client") == nil)
    }
    #expect(try HostFiles().readLink(link) == real && HostFiles().readFile(real, limit: 1 << 20) == before)
  }
}
