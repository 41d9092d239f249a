// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Keystores
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A folder that becomes a link while the daemon runs, as when somebody moves it to another disk.
struct FolderLinkTests {
  private let site: Site
  private let one: [Certificate]
  private let two: [Certificate]

  init() throws {
    site = try Site()
    one = try Authority.one.get().issuing.path
    two = try Authority.two.get().issuing.path
    try HostFiles().makeDirectory(at: site.folder.file("out"), mode: .ownerReadWriteExecute)
    try site.folder.write("trust.pem", one.pem)
    try site.configure(
      """
      keystores:
        client:
          identity: none
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          overlap: 0s
          files: [{pse: {path: client.pse}}, {pse: {path: \(site.folder.file("out/outside.pse"))}}]
      """)
  }

  private static let folders = ["state/keystores/client", "state/keystores", "out"]

  private func change(_ certificates: [Certificate], _ daemon: RunningSite) async throws {
    try site.folder.write("trust.pem", certificates.pem)
    try await daemon.services.refresher.changed(site.folder.file("trust.pem"))
    try await daemon.settle()
  }

  private func expectFiles(_ trust: [Certificate], _ daemon: RunningSite) throws {
    #expect(try Set(daemon.read("client", "client.pse").trust) == Set(trust))
    #expect(try Set(RunningSite.read(site.folder.file("out/outside.pse"), as: .pse()).trust) == Set(trust))
  }

  /// Runs a daemon that has written its files, and lends it to `body` with nothing left to do.
  private func run(_ body: (RunningSite) async throws -> Void) async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try expectFiles(one, daemon)
      _ = site.recorder.take()
      try await body(daemon)
    }
  }

  @Test(arguments: folders) func `a folder that was moved behind a link is used there`(folder: String) async throws {
    try await run { daemon in
      let (place, moved) = (site.folder.file(folder), site.folder.file("moved"))
      try Self.move(place, to: moved)
      try Self.link(place, to: moved)
      try await change(two, daemon)
      try expectFiles(two, daemon)
      try await daemon.refresh()
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keystoreWritten], "nothing was amiss")
      #expect(try Self.isLink(place))
    }
  }

  @Test(arguments: folders) func `a link to an empty folder is told as damage, and filled`(folder: String) async throws
  {
    try await run { daemon in
      let (place, empty) = (site.folder.file(folder), site.folder.file("empty"))
      try HostFiles().makeDirectory(at: empty, mode: .ownerReadWriteExecute)
      try Self.move(place, to: site.folder.file("moved"))
      try Self.link(place, to: empty)
      try await daemon.refresh()
      try await daemon.settle()
      let told = site.recorder.takeNames()
      #expect(told.first == .keystoreDamaged && told.last == .keystoreRecovered, "\(told)")
      try expectFiles(one, daemon)
      try await change(two, daemon)
      try expectFiles(two, daemon)
    }
  }

  @Test(arguments: folders)
  func `a link that leads nowhere fails until it leads somewhere`(folder: String) async throws {
    try await run { daemon in
      let (place, moved) = (site.folder.file(folder), site.folder.file("moved"))
      try Self.move(place, to: moved)
      try Self.link(place, to: site.folder.file("absent"))
      try await daemon.refresh()
      try await change(two, daemon)
      let told = site.recorder.takeNames()
      #expect(told.contains(.keystoreFailed), "\(told)")
      site.clock.advance(by: .minutes(60))
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty, "that it lasts is no news")
      try HostFiles().removeTree(at: place)
      try Self.link(place, to: moved)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      try expectFiles(two, daemon)
      #expect(site.recorder.takeNames().last == .keystoreRecovered)
    }
  }

  private static func move(_ place: FilePath, to target: FilePath) throws {
    try FileManager.default.moveItem(atPath: place.string, toPath: target.string)
  }

  private static func link(_ place: FilePath, to target: FilePath) throws {
    try FileManager.default.createSymbolicLink(atPath: place.string, withDestinationPath: target.string)
  }

  private static func isLink(_ place: FilePath) throws -> Bool {
    try FileManager.default.attributesOfItem(atPath: place.string)[.type] as? FileAttributeType == .typeSymbolicLink
  }
}
