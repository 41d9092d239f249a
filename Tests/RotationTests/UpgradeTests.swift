// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Journal
import Ledger
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// An upgrade renews nothing by itself: on the state of an earlier version the daemon finds nothing to do.
struct UpgradeTests {
  /// A file as it lies on disk: replaced by one with the same bytes it is another one.
  private struct Found: Equatable {
    var status: FileStatus
    var content: [UInt8]
  }

  /// All that consumers may open, links not followed.
  private static func files(_ site: Site, beside: [String] = []) throws -> [String: Found] {
    var found: [String: Found] = [:]
    var waiting = [site.layout.keystores] + beside.map(site.folder.file)
    while let path = waiting.popLast() {
      let status = try HostFiles().linkStatus(of: path)
      switch status.kind {
      case .folder:
        waiting += try HostFiles().list(path).map { path.appending($0) }
        found[path.string] = Found(status: status, content: [])
      case .regular:
        found[path.string] = Found(status: status, content: try HostFiles().readFile(path, limit: 1 << 20))
      case .symbolicLink, .other: found[path.string] = Found(status: status, content: [])
      }
    }
    return found
  }

  private static func changes(_ before: [String: Found], _ after: [String: Found]) -> [String] {
    Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
  }

  /// Of the keystores of a ``CrashScene``.
  private static func generations(_ daemon: RunningSite) async throws -> [String: [StoredGeneration]] {
    var found: [String: [StoredGeneration]] = [:]
    for name in CrashScene.keystores.keys { found[name] = try await daemon.context.ledger.generations(name, limit: 99) }
    return found
  }

  @Test(arguments: 1...8)
  func `the state of an earlier version stays as it is, byte for byte`(version: Int) async throws {
    let scene = try await CrashScene()
    let site = scene.site
    try await scene.restore()
    let before = try await site.run { daemon in
      try await daemon.settle()
      return try await Self.generations(daemon)
    }
    _ = site.recorder.take()
    let outside = ["outside.pse", "outside.pem", "hooks"]
    let files = try Self.files(site, beside: outside)
    try EarlierLedger.rewrite(site.layout.ledger, as: version)
    try await site.run { daemon in
      for _ in 1...4 {
        try await daemon.settle()
        #expect(try await Self.generations(daemon) == before)
        let changes = Self.changes(files, try Self.files(site, beside: outside))
        #expect(changes.isEmpty, "no generation, no hook, no file: \(changes)")
        site.clock.advance(by: .seconds(7 * 3600))
        try await daemon.refresh()
      }
      let identities = try await daemon.context.ledger.identities(.keystore("sap"))
      #expect(identities.count == 1, "no key is made")
    }
    #expect(site.recorder.takeNames() == [.started, .configurationApplied])
  }

  @Test(
    .enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), arguments: 4...8)
  func `a key on the platform stays the one in force, and the overlap goes on`(version: Int) async throws {
    try await PlatformSite.run { platform in
      let site = platform.site
      try platform.configure(confirm: "{patience: 2m, identity: token}")
      try await site.run { try await platform.live($0, until: aTime + 20.7 * day) }
      #expect(site.recorder.takeNames().count { $0 == .keyRenewed } == 2)
      let keys = try await platform.ours()
      #expect(keys.map(\.exists) == [true, true], "the overlap is not over")
      let files = try Self.files(site, beside: ["hooks"])
      try EarlierLedger.rewrite(site.layout.ledger, as: version)
      try await site.run { daemon in
        try await platform.live(daemon, until: aTime + 21.7 * day)
        #expect(Self.changes(files, try Self.files(site, beside: ["hooks"])).isEmpty)
        #expect(try await daemon.currentNumber("sender") == 2)
        // What an earlier version knows nothing of is tried once, which writes nothing.
        let told = site.recorder.takeNames()
        #expect(told == [.started, .configurationApplied] + (version < 6 ? [.keystoreConfirmed] : []))
        let later = try await platform.ours()
        #expect(later.map(\.guid) == keys.map(\.guid) && later.map(\.exists) == [true, true])
        #expect(later.map(\.detailsReads) == [1, 1])
        try await platform.live(daemon, until: aTime + 25 * day)
        #expect(site.recorder.takeNames() == [.keyOverlapEnded, .keyDeleted])
      }
    }
  }
}
