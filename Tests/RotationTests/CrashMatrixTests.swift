// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Host
import Ledger
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Every point of a busy day at which the process can die: before each call that changes the disk, and before, within and
/// after each write to the ledger.
///
/// All of them with `CERTROTD_FULL_CRASH_MATRIX=1`, every so many otherwise.
struct CrashMatrixTests {
  @Test func `wherever the process dies, files are whole, and the next start ends the day`() async throws {
    let scene = try await CrashScene()
    try await scene.restore()
    let witness = CrashPoints(root: scene.site.folder.path.string)
    try await scene.play(
      files: HostFiles(calls: FailingFileCalls(.points(witness))), ledger: PointsOfLedger(points: witness))
    let points = witness.passed
    try #require(points.count > 100, "\(points.count)")
    let isFull = ProcessInfo.processInfo.environment["CERTROTD_FULL_CRASH_MATRIX"] != nil
    var outcomes = CrashOutcomes()
    for number in stride(from: 1, through: points.count, by: isFull ? 1 : points.count / 8) {
      try await scene.restore()
      let death = CrashDay(scene, dyingAt: number)
      let watch = Watch(scene)
      await #expect(processExitsWith: .signal(SIGKILL), "\(number): \(points[number - 1])") {
        [death = death as CrashDay] in
        try await death.play()
      }
      try await watch.end(points[number - 1])
      let afterDeath = try scene.inForce()
      try await scene.play()
      try await scene.expectEndOfDay("died at \(number): \(points[number - 1])")
      outcomes.count(points[number - 1], afterDeath)
    }
    print(outcomes.table(of: points.count))
  }
}
