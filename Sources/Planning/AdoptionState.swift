// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings
package import SystemPackage

/// What a keystore took over from a PSE of others.
package struct AdoptionState: Sendable, Equatable {
  /// The file that it was.
  package var file: String
  package var adoptedAt: Date
  /// Nil when the file held no identity.
  package var identity: IdentityState?
  /// Its trust list.
  package var trust: [KnownCertificate]
  /// How it was made, and whose it was; nil when nobody looked at that.
  package var form: AdoptedForm?
  /// Other paths of the configuration that are this file, by links or mounts.
  package var otherNames: Set<FilePath>

  package init(
    file: String, adoptedAt: Date, identity: IdentityState?, trust: [KnownCertificate], form: AdoptedForm? = nil,
    otherNames: Set<FilePath> = []
  ) {
    self.form = form
    self.otherNames = otherNames
    self.file = file
    self.adoptedAt = adoptedAt
    self.identity = identity
    self.trust = trust
  }

  /// Whether a path is that of the file, whatever it was called when it was taken over.
  func isAt(_ path: FilePath) -> Bool { path.string == file || otherNames.contains(path) }
}

extension KeystoreSettings {
  /// Whether the PSE that the keystore is to start from is still to be taken over; nothing is written before.
  package func awaitsAdoption(_ state: KeystoreState) -> Bool {
    adopt.map { "\($0.file)" != state.adoption?.file } ?? false
  }

  /// What was taken over, as long as the configuration says so.
  func adoption(in state: KeystoreState) -> AdoptionState? {
    adopt == nil || awaitsAdoption(state) ? nil : state.adoption
  }

  /// The identity that was taken over, as long as the configuration says so.
  ///
  /// Where `adopt` is gone and nothing is said of an identity, one that the files in place hold stays: they work with it.
  func adoptedIdentity(in state: KeystoreState) -> IdentityState? {
    guard adopt == nil else { return adoption(in: state)?.identity }
    guard identity == nil, !refusesIdentity, let adopted = state.adoption?.identity,
      state.current?.content.identityLeaf == adopted.leaf
    else { return nil }
    return adopted
  }

  /// The identity that the keystore's files are to hold.
  ///
  /// One that was taken over stays until it is due, and longer where nothing can take its place.
  package func identityInForce(_ inventory: Inventory, now: Date) -> IdentityState? {
    let state = inventory.keystores[name] ?? KeystoreState()
    let own = identity?.identity(of: self, state, inventory)
    guard let adopted = adoptedIdentity(in: state) else { return own }
    switch identity {
    case nil: return adopted
    case .selfSigned:
      // Its successor has superseded it in the ledger.
      return state.identity?.leaf == adopted.leaf ? adopted : own
    case .serviceKey, .pem:
      guard let own, own.notAfter > now, adoptionEnds(adopted) <= now else { return adopted }
      return own
    }
  }

  /// From when on another identity takes the place of one that was taken over.
  func adoptionEnds(_ adopted: IdentityState) -> Date {
    RenewalPoint.due(notBefore: adopted.notBefore, notAfter: adopted.notAfter, renewBefore: renewBefore)
  }
}

/// When a PSE of others is taken over.
enum AdoptionPlanner {
  static func plan(_ keystore: KeystoreSettings, _ context: PlanningContext, into draft: inout PlanDraft) {
    let state = context.inventory.keystores[keystore.name] ?? KeystoreState()
    if let adopted = keystore.adoptedIdentity(in: state) {
      draft.wake(at: keystore.adoptionEnds(adopted))
      draft.wake(at: adopted.notAfter)
    }
    guard let adopt = keystore.adopt, keystore.awaitsAdoption(state) else { return }
    let cadence = Cadence.once("adopt/\(keystore.name)", installation: context.inventory.installation)
    let schedule = state.adoptionSchedule
    let time = schedule.failures > 0 ? cadence.due(schedule, now: context.now) ?? context.now : context.now
    draft.add(
      .adopt(keystore: keystore.name), at: time, lapsesAt: nil,
      because: schedule.failures > 0 ? .attempt(schedule, now: context.now) : .adoptionOwed(file: "\(adopt.file)"))
  }
}
