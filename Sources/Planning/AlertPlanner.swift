// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Settings

/// When an operator is told that a certificate ends, whatever renewal does.
enum AlertPlanner {
  /// The alerts for endpoints and service keys.
  static func plan(_ context: PlanningContext, into draft: inout PlanDraft) {
    let marks = context.configuration.defaults.alertBefore
    for endpoint in context.configuration.endpoints {
      guard let leaf = context.inventory.endpoints[endpoint.name]?.verifiedPath?.leaf else { continue }
      consider(Candidate(.endpoint(endpoint.name), .leaf, leaf), marks, context, into: &draft)
    }
    var logins: Set<Fingerprint> = []
    for serviceKey in context.configuration.serviceKeys {
      // Many service keys may share one login, whose end is told of once.
      guard let login = context.inventory.serviceKeys[serviceKey.name]?.login,
        logins.insert(login.fingerprint).inserted
      else { continue }
      consider(
        Candidate(.serviceKey(serviceKey.name), .login, login), serviceKey.alertBefore, context, into: &draft)
    }
    for serviceKey in context.configuration.serviceKeys {
      guard let identity = context.inventory.serviceKeys[serviceKey.name]?.identity else { continue }
      let marks = AlertMarks.of(serviceKey, serviceKey.alertBefore, identity)
      consider(Candidate(.serviceKey(serviceKey.name), .identity, identity), marks, context, into: &draft)
    }
  }

  /// The alerts for a keystore's own identity, the one in its files, and what it trusts.
  static func plan(
    _ keystore: KeystoreSettings, _ trust: TrustDecision, _ context: PlanningContext, into draft: inout PlanDraft
  ) {
    let marks = keystore.alertBefore
    let subject = Subject.keystore(keystore.name)
    let state = context.inventory.keystores[keystore.name] ?? KeystoreState()
    let inForce = keystore.identityInForce(context.inventory, now: context.now)
    let adopted = keystore.adoption(in: state)?.identity.flatMap { $0.leaf == inForce?.leaf ? $0 : nil }
    if let identity = adopted ?? keystore.ownIdentity(in: state) {
      consider(Candidate(subject, .identity, identity), marks, context, into: &draft)
    }
    let source = adopted ?? keystore.identity?.identity(of: keystore, state, context.inventory)
    if let written = state.current?.identity, written.leaf != source?.leaf,
      !isAboutToBeWritten(keystore, trust, context)
    {
      consider(Candidate(subject, .written, written), marks, context, into: &draft)
    }
    for certificate in trust.needed.values {
      // The leaves that a trust list may hold are the endpoints' own alerts.
      guard !isLeaf(certificate.fingerprint, of: keystore.trust, context.inventory) else { continue }
      var candidate = Candidate(subject, .trust, certificate)
      candidate.silentOnceEnded = !trust.neededByPaths.contains(certificate.fingerprint)
      consider(candidate, marks, context, into: &draft)
    }
  }

  /// How far a clock may be set back, in seconds, without an alert being told again.
  private static let clockTolerance: TimeInterval = 3600

  /// Whether the files follow an identity that was just renewed or repaired, so that what they hold until then is no news.
  private static func isAboutToBeWritten(
    _ keystore: KeystoreSettings, _ trust: TrustDecision, _ context: PlanningContext
  ) -> Bool {
    guard context.inventory.keystores[keystore.name]?.writing.failures == 0,
      case .write = WritePlanner.decide(keystore, context.inventory, trust: trust, now: context.now)
    else { return false }
    return true
  }

  private static func consider(
    _ candidate: Candidate, _ alertBefore: [Duration], _ context: PlanningContext, into draft: inout PlanDraft
  ) {
    let now = context.now
    let remaining = candidate.notAfter.timeIntervalSince(now)
    let usable = AlertMarks.applying(
      alertBefore, to: candidate.role, lifetime: candidate.notAfter.timeIntervalSince(candidate.notBefore))
    draft.wake(
      at: usable.last { TimeInterval($0) < remaining }.map { candidate.notAfter.addingTimeInterval(-TimeInterval($0)) }
        ?? (remaining > 0 ? candidate.notAfter : nil))
    let marks = ([0] + usable).filter { context.inventory.alerts.contains(candidate.mark($0)) }
    for mark in marks where TimeInterval(mark) + clockTolerance < remaining {
      draft.add(
        .withdrawAlert(candidate.mark(mark)), at: now, lapsesAt: nil,
        because: .alertBeforeItsTime(subject: candidate.subject, certificate: candidate.title))
    }
    let crossed: Int64? = remaining <= 0 ? 0 : usable.first { TimeInterval($0) >= remaining }
    guard let crossed else { return }
    // A nearer mark stands for every wider one, unless a clock that ran ahead raised it.
    guard !marks.contains(where: { $0 <= crossed && TimeInterval($0) + clockTolerance >= remaining }) else { return }
    if remaining <= 0, candidate.silentOnceEnded, marks.isEmpty { return }
    draft.add(
      .alert(candidate.mark(crossed)), at: candidate.notAfter.addingTimeInterval(-TimeInterval(crossed)),
      lapsesAt: candidate.notAfter,
      urgency: .since(
        LastTenth.start(notBefore: candidate.notBefore, notAfter: candidate.notAfter), now: now),
      because: remaining > 0
        ? .expiring(
          subject: candidate.subject, certificate: candidate.title, notAfter: candidate.notAfter, remaining: remaining)
        : .expired(subject: candidate.subject, certificate: candidate.title, notAfter: candidate.notAfter))
  }

  private static func isLeaf(_ fingerprint: Fingerprint, of trust: TrustSettings, _ inventory: Inventory) -> Bool {
    trust.include.contains(.leaf)
      && trust.endpoints.contains { inventory.endpoints[$0]?.verifiedPath?.leaf.fingerprint == fingerprint }
  }
}

/// A certificate whose end may be worth an alert.
private struct Candidate {
  let subject: Subject
  let role: AlertMark.Role
  let fingerprint: Fingerprint
  private let name: String?
  let notBefore: Date
  let notAfter: Date
  /// Whether its end is only told to who heard of it before: a bundle may well hold roots that ended years ago.
  var silentOnceEnded = false

  init(_ subject: Subject, _ role: AlertMark.Role, _ identity: IdentityState) {
    (self.subject, self.role, fingerprint) = (subject, role, identity.leaf)
    (notBefore, notAfter) = (identity.notBefore, identity.notAfter)
    name = identity.limit?.issuer
  }

  init(_ subject: Subject, _ role: AlertMark.Role, _ certificate: KnownCertificate) {
    (self.subject, self.role, fingerprint) = (subject, role, certificate.fingerprint)
    (notBefore, notAfter) = (certificate.notBefore, certificate.notAfter)
    name = certificate.subject
  }

  /// What ends, for a sentence.
  var title: String {
    switch role {
    case .identity: name.map { "the issuer \($0) of the identity" } ?? "the identity"
    case .written: name.map { "the issuer \($0) of the identity in the files" } ?? "the identity in the files"
    case .login: "the login certificate \(name ?? "")"
    case .leaf: "the server certificate \(name ?? "")"
    case .trust: "the trusted certificate \(name ?? "")"
    }
  }

  /// The alert for a mark in seconds, 0 for the end itself.
  func mark(_ seconds: Int64) -> AlertMark {
    AlertMark(
      subject: subject, role: role, certificate: fingerprint, kind: seconds == 0 ? .expired : .expiring(mark: seconds))
  }
}
