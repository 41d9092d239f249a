// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import Journal
import Ledger
import Planning
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Keys on the platform that the ledger does not know any more, since it was lost.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct ForgottenKeyTests {
  @Test func `keys that a lost ledger knew are told of within the hour, and go when the overlap is over`() async throws
  {
    try await PlatformSite.run { platform in
      try platform.configure(more: "overlap: 8d")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 600)
        _ = try await daemon.services.keys.renew("sender", now: true)
        try await platform.live(daemon, until: aTime + 1200)
      }
      let keys = try await platform.ours()
      #expect(keys.map(\.exists) == [true, true])
      let old = try #require(keys.first)
      try HostFiles().removeTree(at: platform.site.layout.root)
      _ = platform.site.recorder.take()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3500)
        let first = platform.site.recorder.takeNames()
        #expect(first.contains(.keyAdopted) && first.contains(.keyRenewed))
        #expect(!first.contains(.keyCreated) && !first.contains(.keyOrphaned), "it may belong to a step: \(first)")
        try await platform.live(daemon, until: aTime + 3600 + 60)
        let told = platform.site.recorder.take()
        #expect(told.map(\.event) == [.keyOrphaned] && told.first?.fields[.keyGUID] == old.guid)
        #expect(told.first?.fields[.reason]?.contains("it is deleted after") == true)
        let status = StatusReader.read(
          await daemon.context.landscape.configuration, await daemon.context.landscape.inventory,
          now: platform.site.clock.now())
        #expect(status.happensNext?.nextStep == .deleteKey)
        try await platform.live(daemon, until: aTime + 3600 + 8 * day - 3600)
        #expect(try await platform.ours().map(\.exists) == [true, true])
        try await platform.live(daemon, until: aTime + 3600 + 8 * day + 600)
        #expect(try await platform.ours().map(\.exists) == [false, true])
        #expect(try await platform.ours().map(\.detailsReads) == [1, 2], "nobody has to read it for that")
        // The platform deletes it in a job, whose end the next look finds.
        try await platform.live(daemon, until: aTime + 3600 + 11 * day)
        #expect(platform.site.recorder.takeNames() == [.keyDeleted])
      }
    }
  }

  @Test func `a key that may be what a keystore holds is not deleted`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(more: "overlap: 2d")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        _ = try await daemon.services.keys.renew("sender", now: true)
        try await platform.live(daemon, until: aTime + 2 * 3600)
        #expect(try await daemon.currentNumber("sender") == 2)
      }
      for suffix in ["", "-wal", "-shm"] {
        try HostFiles().removeTree(at: FilePath(platform.site.layout.ledger.string + suffix))
      }
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3 * 3600)
        let keystore = try #require(await daemon.context.landscape.configuration.keystore(named: "sender"))
        let rollback = Rollback(
          context: daemon.context, shelf: GenerationShelf(layout: platform.site.layout, files: HostFiles()))
        #expect(try await rollback.run(keystore, to: 1).inForce == 1)
        try await daemon.services.keeper.rereadLedger()
        try await platform.live(daemon, until: aTime + 8 * day)
        #expect(try await daemon.currentNumber("sender") == 1, "it holds the first key, which nobody read since")
        #expect(try await platform.ours().map(\.exists) == [true, true])
        let orphan = try await daemon.services.keys.keys(of: "sender").map(\.standing).first {
          if case .orphan = $0 { true } else { false }
        }
        #expect("\(String(describing: orphan))".contains("whose key is not known"), "\(String(describing: orphan))")
      }
    }
  }
}
