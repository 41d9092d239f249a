// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Ledger
import SystemPackage
import TestSupport

@testable import Rotation

/// What a process needs to play the day of a ``CrashScene``, and to die at one point of it.
struct CrashDay: Codable, Sendable {
  private var folder: String
  private var now: Date
  private var deadly: Int

  init(_ scene: CrashScene, dyingAt deadly: Int) {
    folder = scene.site.folder.path.string
    now = scene.site.clock.now()
    self.deadly = deadly
  }

  func play() async throws {
    let scene = CrashScene(in: TemporaryFolder(lent: FilePath(folder)), at: now)
    let points = CrashPoints(dyingAt: deadly, root: folder)
    try await scene.play(
      files: HostFiles(calls: FailingFileCalls(.points(points))), ledger: PointsOfLedger(points: points))
  }
}

/// Makes each write to the ledger three points: before it, before its commit, and after.
struct PointsOfLedger: LedgerCheckpoint {
  let points: CrashPoints

  func pass(_ point: LedgerPoint) { points.pass("ledger: \(point)") }
}
