// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// What is known of one keystore.
package struct KeystoreState: Sendable, Equatable {
  /// The keystore's own identity, self-signed or read from PEM files; that of a service key is found there.
  package var identity: IdentityState?
  /// Of renewing the self-signed identity, or of reading the PEM files.
  package var identitySchedule: Schedule
  /// What was taken over from a PSE of others; nil if nothing was.
  package var adoption: AdoptionState?
  /// Of taking it over.
  package var adoptionSchedule: Schedule
  package var current: GenerationState?
  /// The generation whose files are in use though the ledger knows nothing of them, so that nobody knows when they end.
  ///
  /// Nil where the ledger knows one that is in force.
  package var unread: Int?
  /// The generation that was judged good and is not in force yet: it is being put in place, or was when certrotd was killed.
  package var unfinished: Int?
  /// What is wrong with the files of the current generation as they lie on disk; `nil` if nothing is.
  package var damage: String?
  /// When a running daemon will have noticed ``damage`` by itself; nil where it knows, or nothing is damaged.
  ///
  /// A command looks at the files whenever it is called, and the daemon only now and then.
  package var damageNoticedBy: Date?
  /// Whether a file of the current generation no longer opens with the password that its credential holds now.
  package var passwordChanged: Bool
  /// Why the password of a file cannot be used as its credential stands, in one sentence; `nil` if it can.
  package var passwordFault: String?
  /// The listed endpoints that the trust list in force alone does not verify, each with a sentence that says why.
  package var gaps: [String: String]
  /// Of writing a generation.
  package var writing: Schedule
  /// What the last attempt to write tried to write, if it failed: other content need not wait for the backoff.
  package var failedContent: GenerationContent?
  package var trustMembers: [TrustMember]
  /// The generation that a rollback brought back, if the current one is such.
  package var rolledBackTo: Int?
  /// The content that was rolled back; it is not written again unchanged.
  package var heldContent: GenerationContent?
  /// Of the current generation; nil where nothing is known.
  package var confirmation: GenerationConfirmation?

  package init(
    identity: IdentityState? = nil, identitySchedule: Schedule = .untouched, adoption: AdoptionState? = nil,
    adoptionSchedule: Schedule = .untouched, current: GenerationState? = nil, unread: Int? = nil,
    damage: String? = nil, passwordChanged: Bool = false, passwordFault: String? = nil, gaps: [String: String] = [:],
    writing: Schedule = .untouched, failedContent: GenerationContent? = nil,
    trustMembers: [TrustMember] = [], rolledBackTo: Int? = nil, heldContent: GenerationContent? = nil,
    confirmation: GenerationConfirmation? = nil
  ) {
    self.identity = identity
    self.identitySchedule = identitySchedule
    self.adoption = adoption
    self.adoptionSchedule = adoptionSchedule
    self.current = current
    self.unread = unread
    self.damage = damage
    self.passwordChanged = passwordChanged
    self.passwordFault = passwordFault
    self.gaps = gaps
    self.writing = writing
    self.failedContent = failedContent
    self.trustMembers = trustMembers
    self.rolledBackTo = rolledBackTo
    self.heldContent = heldContent
    self.confirmation = confirmation
  }
}

extension KeystoreState {
  /// What is wrong with the files, and when that is put right where the daemon may not know yet; nil if nothing is.
  package var damageSentence: String? {
    guard let damage, let damageNoticedBy else { return damage }
    return """
      \(damage); a running daemon puts that right once it notices, by \(TimeText.instant(damageNoticedBy)) at the latest, \
      and at once after systemctl reload certrotd
      """
  }

  /// What is known by a command that looks at the files itself.
  ///
  /// - Parameters:
  ///   - now: when it looked.
  ///   - interval: how often a running daemon looks.
  /// - Returns: the same, with when the daemon will have noticed what is damaged.
  package func seenByCommand(at now: Date, daemonLooksEvery interval: Duration) -> KeystoreState {
    // What could not be put right is tried again at a known time.
    guard damage != nil, writing.failures == 0 else { return self }
    var state = self
    state.damageNoticedBy = now.addingTimeInterval(interval / .seconds(1))
    return state
  }

  /// Why nobody knows when the files in use end, in one sentence; nil where it is known, or nothing is in use.
  package var unknownEnd: String? {
    if let current {
      guard current.identity == nil, let leaf = current.content.identityLeaf else { return nil }
      return """
        the certificate \(leaf.short) in the files of generation \(current.number) is unknown to the ledger and cannot be \
        read from them, so that nobody knows when it ends
        """
    }
    return unread.map { number in
      "the files of generation \(number) are in use, and nobody knows when they end: the ledger knows nothing of them"
    }
  }
}

extension KeystoreState {
  /// What is to be said of a generation of which some files may be in place and others not, in one sentence.
  package static func halfway(_ generation: Int) -> String {
    """
    generation \(generation) was being written when certrotd was stopped, or is being written now: the next start finishes \
    it, or the running daemon
    """
  }
}

/// What makes two generations equal: how the files are made, whose identity they hold, and whom they trust.
package struct GenerationContent: Sendable, Hashable {
  /// `KeystoreSettings.filesRecipe`.
  package var recipe: String
  package var identityLeaf: Fingerprint?
  package var trust: Set<Fingerprint>

  package init(recipe: String, identityLeaf: Fingerprint?, trust: Set<Fingerprint>) {
    self.recipe = recipe
    self.identityLeaf = identityLeaf
    self.trust = trust
  }
}

/// The generation that is in place.
package struct GenerationState: Sendable, Equatable {
  package var number: Int
  package var content: GenerationContent
  /// The validity of its identity; `nil` without one.
  package var identity: IdentityState?
  /// Whether it was found on disk, after the ledger that knew of it was lost.
  package var wasFound: Bool
  /// The end of the trusted certificate that ends first; `nil` without any.
  package var trustNotAfter: Date?

  package init(
    number: Int, content: GenerationContent, identity: IdentityState? = nil, wasFound: Bool = false,
    trustNotAfter: Date? = nil
  ) {
    self.wasFound = wasFound
    self.number = number
    self.content = content
    self.identity = identity
    self.trustNotAfter = trustNotAfter
  }
}

/// A certificate that a keystore trusts, or trusted until a while ago.
package struct TrustMember: Sendable, Equatable {
  package var certificate: KnownCertificate
  package var firstNeeded: Date
  /// When it stopped being needed; `nil` as long as it is needed.
  package var lastNeeded: Date?

  package init(certificate: KnownCertificate, firstNeeded: Date, lastNeeded: Date? = nil) {
    self.certificate = certificate
    self.firstNeeded = firstNeeded
    self.lastNeeded = lastNeeded
  }

  package var fingerprint: Fingerprint { certificate.fingerprint }
}

/// A hook run that is still owed.
package struct HookState: Sendable, Hashable {
  /// The ledger's number of this run.
  package var id: Int64
  package var keystore: String
  package var generation: Int
  /// Whether it writes the credentials that the programs which the other hooks restart open the files with.
  package var isLogin: Bool
  package var attempts: Int
  package var schedule: Schedule

  package init(
    id: Int64, keystore: String, generation: Int, isLogin: Bool = false, attempts: Int = 0,
    schedule: Schedule = .untouched
  ) {
    self.id = id
    self.keystore = keystore
    self.generation = generation
    self.isLogin = isLogin
    self.attempts = attempts
    self.schedule = schedule
  }
}
