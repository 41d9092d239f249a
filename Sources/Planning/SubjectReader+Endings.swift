// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Settings

/// What ends next of a subject, and whether that is near.
extension SubjectReader {
  /// What of the files ends first; a trusted certificate that nothing needs leaves the list, and takes nothing with it.
  func breakage(of current: GenerationState?, _ trust: TrustDecision) -> Breakage? {
    let trusted = (current?.content.trust ?? []).compactMap { fingerprint -> KnownCertificate? in
      if let needed = trust.needed[fingerprint] { return needed }
      return trust.departures[fingerprint] == nil ? trust.wanted[fingerprint] : nil
    }
    let first = trusted.min { ($0.notAfter, $0.subject) < ($1.notAfter, $1.subject) }
    return [
      current?.identity.map { Breakage(what: $0.whatEnds, at: $0.notAfter) },
      first.map { Breakage(what: "the trusted certificate \($0.subject)", at: $0.notAfter) },
    ].compactMap(\.self).min { $0.at < $1.at }
  }

  func earliest(_ path: PathState) -> Breakage {
    let issuers = path.issuers.map { Breakage(what: "the issuer \($0.subject)", at: $0.notAfter) }
    let root = Breakage(what: "the root \(path.root.subject)", at: path.root.notAfter)
    let leaf = Breakage(what: "the server certificate \(path.leaf.subject)", at: path.leaf.notAfter)
    return (issuers + [root]).reduce(leaf) { $1.at < $0.at ? $1 : $0 }
  }

  func ended(_ breakage: Breakage?) -> String? {
    guard let breakage, breakage.at <= now else { return nil }
    return "\(breakage.what) ended at \(TimeText.instant(breakage.at))"
  }

  func ending(_ role: AlertMark.Role, _ identity: IdentityState, _ alertBefore: [Duration]) -> String? {
    ending(role, identity.notBefore, identity.notAfter, alertBefore, identity.whatEnds)
  }

  func ending(
    _ role: AlertMark.Role, _ notBefore: Date, _ notAfter: Date, _ alertBefore: [Duration], _ what: String
  ) -> String? {
    let marks = AlertMarks.applying(alertBefore, to: role, lifetime: notAfter.timeIntervalSince(notBefore))
    let remaining = notAfter.timeIntervalSince(now)
    guard marks.contains(where: { remaining <= TimeInterval($0) }) else { return nil }
    return "\(what) ends in \(TimeText.span(remaining)), at \(TimeText.instant(notAfter))"
  }

  /// Why what is wanted is not written after a rollback, and what that means for the identity; nil where nothing is held.
  func heldSentence(_ keystore: KeystoreSettings, _ state: KeystoreState, _ decision: WriteDecision) -> String? {
    guard case .held = decision else { return nil }
    let generation = state.rolledBackTo.map { "generation \($0)" } ?? "an earlier generation"
    let sentence = "it was rolled back to \(generation), and the same content is not tried again"
    guard let written = state.current?.identity, let waiting = keystore.identityInForce(inventory, now: now),
      waiting.leaf != written.leaf, waiting.notAfter > written.notAfter
    else { return sentence }
    return """
      \(sentence), though the identity that it holds back ends later, at \(TimeText.instant(waiting.notAfter)), than that in \
      the files, which ends at \(TimeText.instant(written.notAfter)): certrotd rollback \(keystore.name) goes on to it with the \
      number of its generation
      """
  }
}
