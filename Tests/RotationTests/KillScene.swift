// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport

@testable import Rotation

/// What a process needs to be a daemon with the folder and the platform of a test, and to die at one point of a rotation.
struct KillScene: Codable, Sendable {
  private var folder: String
  private var facts: Simulator.Facts
  private var serviceKey: String
  private var phase: String
  private var isBefore: Bool
  private var start: Date
  private var end: Date

  init(_ platform: PlatformSite, _ point: RotationPoint, until end: Date) {
    folder = platform.site.folder.path.string
    facts = platform.simulator.facts
    serviceKey = point.serviceKey
    phase = point.phase
    isBefore = point.moment == .beforeRecording
    start = platform.site.clock.now()
    self.end = end
  }

  /// Lives as the daemon until its time is over, unless it is killed before.
  func play() async throws {
    let point = RotationPoint(
      serviceKey: serviceKey, phase: phase, moment: isBefore ? .beforeRecording : .afterRecording)
    let platform = try PlatformSite(
      Simulator(facts: facts), in: TemporaryFolder(lent: FilePath(folder)), checkpoint: Blade(point: point))
    platform.site.clock.set(start)
    try await platform.site.run { try await platform.live($0, until: end) }
  }
}

/// Kills its own process at one point, as the kernel does: nothing is closed, written or told any more.
private struct Blade: RotationCheckpoint {
  let point: RotationPoint

  func pass(_ passed: RotationPoint) async {
    if passed == point { _ = kill(getpid(), SIGKILL) }
  }
}
