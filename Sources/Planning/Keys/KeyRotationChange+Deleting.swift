// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What follows a deletion: of the old key, or of one that stands in the way of the new one.
extension KeyRotationChange {
  mutating func clear(_ guid: String, _ outcome: KeyOutcome) {
    switch outcome {
    case .underWay(let job):
      rotation.state = .clearing(guid: guid, job: job)
      wait(Self.secondsToPoll, "the platform deletes the old key")
    case .working: waitForDeletion()
    case .jobLost: rotation.state = .clearing(guid: guid, job: nil)
    case .jobFailed(_, let words):
      rotation.state = .clearing(guid: guid, job: nil)
      failDeletion(KeyFailure("the platform could not delete the old key: \(words)", culprit: "platform"))
    case .deleted, .jobDone:
      let isPredecessor = guid == rotation.predecessor?.guid
      events.append(.deleted(guid: guid, stoppedWorking: isPredecessor))
      rotation.discarded.remove(guid)
      if isPredecessor {
        losePredecessor()
        rotation.hasDeletedPredecessor = true
      }
      rotation.failedDeletions = 0
      move(.due)
    default: fail(KeyFailure("an outcome does not fit a deletion", culprit: "certrotd"))
    }
  }

  mutating func delete(_ outcome: KeyOutcome, _ key: NewKey, _ certificate: NewCertificate) {
    let guid = rotation.predecessor?.guid ?? ""
    switch outcome {
    case .underWay(let job):
      rotation.state = .deleting(key, certificate, job: job)
      wait(Self.secondsToPoll, "the platform deletes the old key")
    case .working: waitForDeletion()
    case .deleted, .jobDone:
      events += [.overlapEnded(guid: guid), .deleted(guid: guid, stoppedWorking: false)]
      move(.done(key, leftBehind: nil))
    case .vanished:
      events.append(.vanished(guid: guid))
      move(.done(key, leftBehind: nil))
    case .jobLost: rotation.state = .deleting(key, certificate, job: nil)
    case .jobFailed(_, let words):
      rotation.state = .deleting(key, certificate, job: nil)
      failDeletion(KeyFailure("the platform could not delete the old key: \(words)", culprit: "platform"))
    default: fail(KeyFailure("an outcome does not fit a deletion", culprit: "certrotd"))
    }
  }

  mutating func waitForDeletion() {
    wait(Self.pollPause(after: now.timeIntervalSince(rotation.since)), "the platform deletes the old key")
  }

  /// However many jobs lie between, it counts how often a deletion failed.
  mutating func failDeletion(_ failure: KeyFailure) {
    if isLate {
      switch rotation.state {
      case .clearing(let guid, _): rotation.state = .clearing(guid: guid, job: nil)
      case .deleting(let key, let certificate, _): rotation.state = .deleting(key, certificate, job: nil)
      default: break
      }
      rotation.since = now
    }
    rotation.failedDeletions += 1
    if case .deleting(let key, _, _) = rotation.state, rotation.failedDeletions >= Self.mostDeletions,
      let guid = rotation.predecessor?.guid
    {
      // What cannot be deleted must not stand in the way of the next renewal.
      events.append(.orphaned(guid: guid, reason: failure.reason))
      return move(.done(key, leftBehind: guid))
    }
    fail(failure, atLeast: rotation.failedDeletions)
  }
}
