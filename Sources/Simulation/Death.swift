// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Rotation

/// Ends the daemon at the first step of a rotation after a time, before or after it is recorded.
struct Death: RotationCheckpoint {
  struct Died: Error {}

  let at: Date
  let clock: SimulatedClock

  func pass(_: RotationPoint) async throws {
    if clock.now() >= at { throw Died() }
  }
}
