// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// What a rotation depends on besides its own state: settings, and facts that may have changed since its last step.
package struct KeyRotationContext: Sendable, Hashable {
  /// The name of this installation, as it stands in the labels of its keys.
  package var installation: String
  /// What the names of its keys begin with.
  package var base: String
  /// The name or GUID of a key that somebody made, to begin with.
  package var adopted: String?
  package var overlap: Duration
  /// How long a new key that the platform does not accept yet is tried again.
  package var verifyPatience: Duration
  /// Whether the service allows one certificate key at a time.
  package var deletesFirst: Bool
  package var jitter: Jitter
  /// The keystores for whose sake the old key stays.
  package var holders: KeyHolders
  /// When the new key is to be renewed itself; nil before it is known.
  package var successorDue: Date?
  /// How long a new key lives; nil where only the platform knows.
  package var validity: Duration?
  /// Whether the key in force belongs to another service instance than the one that is asked.
  package var isPredecessorElsewhere = false
  /// Whether the key that rests until its overlap is over was found to be gone.
  package var isPredecessorDeleted = false
  /// What the deletion of the key in force waits for, where the service allows one at a time; nil where it may happen now.
  package var deletionWindow: WindowWait?

  package init(
    installation: String, base: String, adopted: String? = nil, overlap: Duration, verifyPatience: Duration,
    deletesFirst: Bool = false, jitter: Jitter, holders: KeyHolders = KeyHolders(), successorDue: Date? = nil,
    validity: Duration? = nil
  ) {
    self.installation = installation
    self.base = base
    self.adopted = adopted
    self.overlap = overlap
    self.verifyPatience = verifyPatience
    self.deletesFirst = deletesFirst
    self.jitter = jitter
    self.holders = holders
    self.successorDue = successorDue
    self.validity = validity
  }
}

/// A key in the platform's list.
package struct ListedKey: Sendable, Hashable {
  package enum State: String, Sendable, CaseIterable {
    case ready, creating, createFailed, deleting, deleteFailed
  }

  package var guid: String
  package var name: String
  package var state: State
  package var createdAt: Date?
  /// Which certrotd made it; nil for a key without certrotd's labels.
  package var installation: String?
  /// For which service key it was made.
  package var base: String?
  /// Whether the ledger says that it was tried and given up.
  package var isGivenUp: Bool

  package init(
    guid: String, name: String, state: State, createdAt: Date?, installation: String?, base: String?,
    isGivenUp: Bool = false
  ) {
    self.guid = guid
    self.name = name
    self.state = state
    self.createdAt = createdAt
    self.installation = installation
    self.base = base
    self.isGivenUp = isGivenUp
  }
}

/// What has to be done for a rotation.
package enum KeyAction: Sendable, Hashable {
  /// List the keys of the instance: does somebody else renew?
  case look
  /// List the keys of the instance: is there one of this name?
  case find(name: String)
  case create(name: String)
  case follow(job: String)
  /// Read the credentials and seal them in the ledger.
  case read(guid: String)
  case examine(guid: String)
  case verify(guid: String)
  /// Make it the service key's identity, and wait until every keystore that uses it holds it.
  case deliver(guid: String)
  case delete(guid: String)
}

/// What an action came to.
package enum KeyOutcome: Sendable, Hashable {
  case listed([ListedKey])
  /// The platform works on it, and this job tells how far it is.
  case underWay(job: String)
  case made(guid: String)
  /// There is a key of this name.
  case nameTaken
  case working(guid: String?)
  case jobDone(guid: String?)
  case jobFailed(guid: String?, words: String)
  /// The platform does not know the job any more.
  case jobLost
  case credentialsHeld
  /// The platform says that the key is not complete yet.
  case notReady
  /// The platform answered, and its answer is broken off or something else than credentials.
  case unreadable(words: String)
  case examined(NewCertificate)
  case defective(words: String, culprit: String = "platform")
  case verified
  case refused(words: String)
  case delivered
  /// These keystores do not hold the new key yet; `until` is when the first of them may change, where all of them wait for
  /// their windows.
  case notDelivered([String], until: Date? = nil)
  case deleted
  /// There was nothing to delete, and nobody here had asked for it.
  case vanished
  /// The old key is not deleted, since the platform does not have the new one any more.
  case successorGone
  /// The old key belongs to another service instance than the one that is asked now.
  case elsewhere
  /// Nothing came of it, or nobody knows.
  case failed(KeyFailure)
}

extension KeyOutcome {
  /// What it is, apart from names, times and words.
  var kind: String {
    switch self {
    case .listed: "listed"
    case .underWay: "under-way"
    case .made: "made"
    case .nameTaken: "name-taken"
    case .working: "working"
    case .jobDone: "job-done"
    case .jobFailed: "job-failed"
    case .jobLost: "job-lost"
    case .credentialsHeld: "credentials-held"
    case .notReady: "not-ready"
    case .unreadable: "unreadable"
    case .examined: "examined"
    case .defective: "defective"
    case .verified: "verified"
    case .refused: "refused"
    case .delivered: "delivered"
    case .notDelivered: "not-delivered"
    case .deleted: "deleted"
    case .vanished: "vanished"
    case .successorGone: "successor-gone"
    case .elsewhere: "elsewhere"
    case .failed(let failure): failure.kind ?? "failed"
    }
  }
}

package struct KeyFailure: Sendable, Hashable {
  package var reason: String
  package var culprit: String
  /// How long the platform wants not to be asked.
  package var retryAfter: Duration?
  /// Whether the platform may have done it all the same.
  package var mayHaveHappened: Bool
  /// How long a login that was refused is not sent again, unless it changes; nil for any other failure.
  package var restsFor: Duration?
  /// What went wrong, apart from names and words; nil where the outcome says it.
  package var kind: String?
  /// Whether nothing was sent, since a login that was refused earlier rests.
  package var wasHeldBack: Bool
  /// Whether the platform has another operation under way on the same thing.
  package var isBusy: Bool

  package init(
    _ reason: String, culprit: String, retryAfter: Duration? = nil, mayHaveHappened: Bool = false,
    restsFor: Duration? = nil, kind: String? = nil, wasHeldBack: Bool = false,
    isBusy: Bool = false
  ) {
    self.reason = reason
    self.culprit = culprit
    self.retryAfter = retryAfter
    self.mayHaveHappened = mayHaveHappened
    self.restsFor = restsFor
    self.kind = kind
    self.wasHeldBack = wasHeldBack
    self.isBusy = isBusy
  }
}

/// Something that happened in a rotation and that an operator may want to know.
package enum KeyRotationEvent: Sendable, Hashable {
  case created(name: String, guid: String)
  /// The key was on the platform already: another installation made it, and this one uses it too; somebody made it by
  /// hand, and it is certrotd's from now on; or certrotd made it, and its ledger was lost since.
  case adopted(name: String, guid: String, isShared: Bool)
  case verified(name: String)
  /// The platform no longer has the key in force, though certrotd did not delete it.
  case lost(name: String, guid: String)
  /// With the platform's words; the old key stays in force.
  case refused(name: String, words: String)
  case renewed(name: String, notAfter: Date)
  case overlapEnded(guid: String)
  /// `stoppedWorking` where the key in force was deleted before there was another.
  case deleted(guid: String, stoppedWorking: Bool)
  /// A key that was in force before is no longer on the platform, and certrotd did not delete it.
  case vanished(guid: String)
  /// A key stays on the platform that nothing uses.
  case orphaned(guid: String, reason: String)
  case failing(KeyRotation.Standing.Failure)
}
