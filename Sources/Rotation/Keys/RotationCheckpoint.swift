// SPDX-License-Identifier: Apache-2.0

/// Is told of every step that a rotation records, and may end the run there by throwing.
///
/// A daemon lets all pass. Whoever wants to know what a crash leaves behind throws.
package protocol RotationCheckpoint: Sendable {
  func pass(_ point: RotationPoint) async throws
}

/// A point at which a rotation may be cut off.
package struct RotationPoint: Sendable, Hashable {
  package enum Moment: String, Sendable, Hashable {
    /// What an action came to is known, told and not yet recorded, or an action is about to be recorded as intended.
    case beforeRecording = "before"
    case afterRecording = "after"
  }

  package var serviceKey: String
  /// The state that is recorded; `put-away` when the rotation is over.
  package var phase: String
  package var moment: Moment

  package init(serviceKey: String, phase: String, moment: Moment) {
    self.serviceKey = serviceKey
    self.phase = phase
    self.moment = moment
  }
}

/// What a daemon has in place of a checkpoint.
package struct NoCheckpoint: RotationCheckpoint {
  package init() {}
  package func pass(_: RotationPoint) async {}
}
