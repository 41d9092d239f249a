// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The facts on which it depends whether a key may be deleted, and the rules that are never broken.
package struct KeyRemoval: Sendable, Hashable {
  package var owner: KeyOwner
  /// Whether it is the service key's identity now.
  package var isInForce: Bool
  /// Whether a rotation is about to put it in force.
  package var isInFlight: Bool
  package var holders: KeyHolders
  /// Keystores whose current generation may hold it: what they hold is no key that is known.
  package var possibleHolders: [String]
  /// Nil for a key that was never in force.
  package var overlapEnds: Date?
  /// How many other keys of the same service key certrotd knows to be valid.
  package var otherValidKeys: Int
  /// The end of its certificate; nil when nobody has seen it.
  package var ends: Date?

  package init(
    owner: KeyOwner, isInForce: Bool, isInFlight: Bool, holders: KeyHolders, possibleHolders: [String] = [],
    overlapEnds: Date?, otherValidKeys: Int, ends: Date?
  ) {
    self.owner = owner
    self.isInForce = isInForce
    self.isInFlight = isInFlight
    self.holders = holders
    self.possibleHolders = possibleHolders
    self.overlapEnds = overlapEnds
    self.otherValidKeys = otherValidKeys
    self.ends = ends
  }

  package enum Refusal: Sendable, Hashable {
    /// It is neither marked as this installation's nor named in the configuration.
    case foreign
    case inForce
    case inFlight
    case stillUsed([String])
    /// These keystores hold a newer one that is not proven yet.
    case unproven([String])
    /// Nobody has seen its certificate, and these keystores hold one that belongs to no key that is known.
    case maybeUsed([String])
    case overlap(until: Date)
    /// It is of no use here, and another installation may have found it good.
    case leftToOthers(until: Date)
    case lastValid
    /// It may belong to a step that the ledger does not know yet.
    case young(until: Date)
    /// The platform deletes it already.
    case goes
    /// There is no such key to speak of.
    case unknown
  }

  /// Why it must not be deleted; nil when it may be.
  package func refusal(now: Date) -> Refusal? {
    guard owner.mayDelete else { return .foreign }
    guard !isInForce else { return .inForce }
    guard !isInFlight else { return .inFlight }
    if let refusal = holders.refusal { return refusal }
    guard possibleHolders.isEmpty else { return .maybeUsed(possibleHolders) }
    if let overlapEnds, now < overlapEnds { return .overlap(until: overlapEnds) }
    let hasEnded = ends.map { $0 <= now } ?? false
    return otherValidKeys > 0 || hasEnded ? nil : .lastValid
  }
}

extension KeyRemoval.Refusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .foreign: "this installation did not make it, and the configuration does not name it"
    case .inForce: "it is in force"
    case .inFlight: "it is about to be put in force"
    case .stillUsed(let keystores): "the keystores \(keystores.joined(separator: ", ")) still hold it"
    case .unproven(let keystores):
      """
      the new files of the keystores \(keystores.joined(separator: ", ")) are not proven yet: a hook has not succeeded, or \
      nothing has confirmed them
      """
    case .maybeUsed(let keystores):
      "the keystores \(keystores.joined(separator: ", ")) hold an identity whose key is not known, which may be this one"
    case .overlap(let until): "the overlap lasts until \(TimeText.instant(until))"
    case .leftToOthers(let until):
      "it was of no use here, and is left until \(TimeText.instant(until)) to other installations, which may use it"
    case .lastValid: "it is the last valid one"
    case .young(let until):
      "it is left alone until \(TimeText.instant(until)), since it may belong to a step that was cut short"
    case .goes: "the platform is deleting it"
    case .unknown: "nothing is known of it"
    }
  }
}
