// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import Planning

/// Raises what planning found to be worth an alert, once each.
struct AlertExecutor: Sendable {
  private let context: RotationContext

  init(context: RotationContext) { self.context = context }

  /// Raises the alert and remembers it, in this order: told twice after a crash is better than never.
  func run(_ mark: AlertMark, because reason: Reason) async throws {
    let subject = try await context.ledger.certificates([mark.certificate])[mark.certificate]?.subject
    let event = Self.event(mark, of: subject?.description, reason, now: context.clock.now())
    try await context.tell([event], of: mark.subject.inLedger)
    try await context.ledger.recordAlerts([RaisedAlert(mark)], at: context.clock.now())
    await context.landscape.update { _ = $0.alerts.insert(mark) }
  }

  /// Forgets that the alert was raised.
  func withdraw(_ mark: AlertMark) async throws {
    try await context.ledger.forgetAlerts([RaisedAlert(mark)])
    await context.landscape.update { _ = $0.alerts.remove(mark) }
  }

  // `name` is the distinguished name of the certificate; nil where nobody knows the certificate any more.
  private static func event(_ mark: AlertMark, of name: String?, _ reason: Reason, now: Date) -> Events.Raised {
    var fields: [EventField: String] = [
      .fingerprint: mark.certificate.description, .reason: reason.description,
    ]
    fields[.subject] = name
    switch mark.subject {
    case .endpoint(let name): fields[.endpoint] = name
    case .serviceKey(let name): fields[.serviceKey] = name
    case .keystore(let name): fields[.keystore] = name
    }
    switch reason {
    case .expiring(_, _, let notAfter, let remaining):
      fields[.notAfter] = EventTime.text(notAfter)
      fields[.remaining] = String(Int(remaining))
    case .expired(_, _, let notAfter):
      fields[.notAfter] = EventTime.text(notAfter)
      fields[.remaining] = String(Int(notAfter.timeIntervalSince(now)))
    default: break
    }
    if mark.role == .login { return Events.Raised(.loginExpiring, message: reason.description, fields: fields) }
    return Events.Raised(
      mark.kind == .expired ? .certificateExpired : .certificateExpiring, message: reason.description, fields: fields)
  }
}

extension RaisedAlert {
  init(_ mark: AlertMark) {
    let seconds: Int64
    switch mark.kind {
    case .expiring(let mark): seconds = mark
    case .expired: seconds = 0
    }
    self.init(
      subject: mark.subject.inLedger, role: mark.role.rawValue, certificate: mark.certificate, mark: seconds)
  }
}

extension AlertMark {
  /// nil for a subject or role that planning does not know.
  init?(_ raised: RaisedAlert) {
    guard let role = Role(rawValue: raised.role) else { return nil }
    let subject: Subject
    switch raised.subject.kind {
    case .endpoint: subject = .endpoint(raised.subject.name)
    case .serviceKey: subject = .serviceKey(raised.subject.name)
    case .keystore: subject = .keystore(raised.subject.name)
    default: return nil
    }
    self.init(
      subject: subject, role: role, certificate: raised.certificate,
      kind: raised.mark == 0 ? .expired : .expiring(mark: raised.mark))
  }
}
