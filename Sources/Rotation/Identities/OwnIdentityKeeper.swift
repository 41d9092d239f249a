// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
import Host
import Journal
import Keystores
package import Ledger
import Logging
import OpenSSLBridge
import Planning
import Settings
import SystemPackage

/// Keeps the identities that belong to a keystore itself: self-signed ones, which it makes, and PEM files, which it reads.
struct OwnIdentityKeeper: Sendable {
  private let context: RotationContext
  private let issuers: IssuerPool

  init(context: RotationContext, issuers: IssuerPool) {
    self.context = context
    self.issuers = issuers
  }

  /// Makes a new key and certificate for `keystore`.
  func renewSelfSigned(_ keystore: String, because reason: Reason) async throws {
    guard let settings = await context.landscape.configuration.keystore(named: keystore),
      case .selfSigned(let wish) = settings.identity
    else { return }
    try await attempt(.renewSelfSigned(keystore: keystore), of: settings, because: Self.cause(of: reason)) {
      let key = try PrivateKey.generateRSA(bits: wish.keyBits.rawValue)
      let now = context.clock.now()
      let certificate = try SelfSignedCertificate.make(
        key: key, subject: DistinguishedName(parsing: wish.subject),
        notBefore: now.addingTimeInterval(-SelfSignedCertificate.backdating),
        notAfter: now.addingTimeInterval(wish.validFor / .seconds(1)))
      return Identity(certificate: certificate, key: key, issuers: [])
    }
  }

  /// Reads the PEM files of `keystore` and takes over what is new and good.
  func readFiles(_ keystore: String, because reason: Reason) async throws {
    guard let settings = await context.landscape.configuration.keystore(named: keystore),
      case .pem(let wish) = settings.identity
    else { return }
    try await attempt(
      .readIdentityFiles(keystore: keystore), of: settings, because: Self.cause(of: reason, reading: wish)
    ) {
      let certificates = try Self.about([wish.certificate]) {
        try PEMReader.certificates(in: context.files.readFile(wish.certificate, limit: Self.sizeLimit))
      }
      let passphrase = try wish.passphrase.map { try context.credentials.secret($0) }
      let key = try Self.about([wish.key]) {
        try PrivateKey(pem: context.files.readSecretFile(wish.key, limit: Self.sizeLimit), passphrase: passphrase)
      }
      let current = try await context.ledger.currentEntry(settings.identityOwner)
      let known = await issuers.certificates()
      // The files are the operator's word: he may put an earlier certificate back.
      return try Self.about([wish.certificate, wish.key]) {
        try IdentityExaminer.examine(
          certificates: certificates, key: key, completing: known,
          predecessor: current.map { .init(leaf: $0.leaf, issuers: $0.issuers, mayEndEarlier: true) }, use: .any,
          now: context.clock.now())
      }
    }
  }

  private func attempt(
    _ work: Work, of settings: KeystoreSettings, because reason: String, _ make: () async throws -> Identity
  ) async throws {
    let name = settings.name
    let before = await context.landscape.inventory.keystores[name] ?? KeystoreState()
    let cadence = await context.landscape.cadence(of: work)
    let now = context.clock.now()
    let asked = await context.landscape.demand(of: work)
    func finish(_ schedule: Schedule, failure: Failure? = nil) async throws {
      try await self.finish(schedule, of: name, (work, asked), failure: failure)
    }
    do {
      let identity = try await make()
      try await accept(identity, settings, because: reason)
      try await finish(before.identitySchedule.succeeded(at: now, cadence: cadence))
    } catch let fault as FileFault where (fault.error as? IdentityFault)?.isSame == true {
      try await finish(before.identitySchedule.succeeded(at: now, cadence: cadence))
    } catch let error as LedgerError {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch {
      let schedule = before.identitySchedule.failed(at: now, cadence: cadence, reason: String(describing: error))
      try await finish(
        schedule,
        failure: Failure(
          culprit: Self.culprit(of: error), reason: String(describing: error),
          mayPass: before.identity != nil && schedule.failures == 1
            && ((error as? FileFault)?.error as? IdentityFault)?.isHalfReplaced == true))
    }
  }

  private func accept(_ identity: Identity, _ settings: KeystoreSettings, because reason: String) async throws {
    let previous = try await predecessor(settings)
    // The ledger that knew it is lost; for consumers nothing changes.
    let isDelivered = previous == identity.certificate
    var reason = reason
    if let previous, case .pem = settings.identity,
      identity.certificate.validity.notAfter < previous.validity.notAfter
    {
      // The files are the operator's word, who may have mistaken one for another.
      let note = """
        it ends earlier than the one before, which ends at \(TimeText.instant(previous.validity.notAfter)): unless that is \
        meant, put the files of that one back
        """
      reason += "; \(note)"
      context.logger.warning(
        "the identity of keystore \(settings.name) is taken over from its files, though \(note)",
        metadata: ["keystore": .string(settings.name)])
    }
    let recipe = settings.identity?.recipe
    let new = NewIdentity(
      owner: settings.identityOwner, leaf: identity.certificate, issuers: identity.issuers,
      privateKey: try identity.key.pkcs8DER(), recipe: recipe)
    let leaf = identity.certificate
    let state = IdentityState(leaf, issuers: identity.issuers, recipe: recipe)
    var fields: [EventField: String] = [
      .keystore: settings.name, .fingerprint: leaf.fingerprint.description,
      .notAfter: EventTime.text(leaf.validity.notAfter), .reason: reason, .subject: leaf.subject.description,
    ]
    if let previous { fields[.previousFingerprint] = previous.fingerprint.description }
    let event = Events.Raised(
      .identityRenewed,
      message: """
        keystore \(settings.name) has a new identity, \(leaf.subject), valid until \
        \(TimeText.instant(leaf.validity.notAfter))\(state.limitNote): \(reason)
        """, fields: fields)
    let news = context.entries(isDelivered ? [] : [event], of: LedgerSubject(.keystore, settings.name))
    _ = try await context.ledger.acceptIdentity(new, telling: news, at: context.clock.now())
    await context.landscape.update { inventory in
      inventory.keystores[settings.name, default: KeystoreState()].identity = state
    }
    try await context.tell(recorded: news)
    if case .pem(let files) = settings.identity { OpenKeyFile.warn(of: files.key, context) }
  }

  /// The certificate in force so far, by the delivered files where the ledger that knew it is lost.
  private func predecessor(_ settings: KeystoreSettings) async throws -> Certificate? {
    if let current = try await context.ledger.currentEntry(settings.identityOwner) { return current.leaf }
    guard case .pem = settings.identity else { return nil }
    return try await DeliveredIdentity(context: context).leaf(of: settings.identityOwner)
  }

  private func finish(
    _ schedule: Schedule, of keystore: String, _ attempt: (work: Work, asked: Int),
    failure: Failure?
  ) async throws {
    let key = ScheduleKey.identity(keystore)
    var (isNew, before): (Bool, String?) = (false, nil)
    if let failure, !failure.mayPass {
      isNew = try await context.record(schedule, of: key, failure: failure.reason, as: "failing")
    } else {
      (_, before) = try await context.record(schedule, of: key, condition: nil)
    }
    // The files may have changed again since they were read.
    await context.landscape.conclude([attempt]) { inventory in
      inventory.keystores[keystore, default: KeystoreState()].identitySchedule = schedule
    }
    guard let failure else {
      guard before != nil else { return }
      let reason = "its identity can be renewed again"
      let event = Events.Raised(
        .keystoreRecovered, message: "keystore \(keystore) is in order again: \(reason)",
        fields: [.keystore: keystore, .reason: reason])
      return try await context.tell([event], of: LedgerSubject(.keystore, keystore))
    }
    guard isNew else { return }
    let identity = await context.landscape.inventory.keystores[keystore]?.identity
    var fields: [EventField: String] = [
      .keystore: keystore, .reason: failure.reason, .culprit: failure.culprit.rawValue,
      .attempts: String(schedule.failures),
    ]
    fields[.notAfter] = identity.map { EventTime.text($0.notAfter) }
    fields[.remaining] = identity.map { String(Int($0.notAfter.timeIntervalSince(context.clock.now()))) }
    fields[.nextAttempt] = schedule.nextAttempt.map(EventTime.text)
    let event = Events.Raised(
      .renewalFailing, message: "the identity of keystore \(keystore) cannot be renewed: \(failure.reason)",
      fields: fields)
    try await context.tell([event], of: LedgerSubject(.keystore, keystore))
  }

  private struct Failure {
    let culprit: Culprit
    let reason: String
    /// Whether the next attempt, a minute later, is waited for before anybody is told.
    let mayPass: Bool
  }

  /// Why a new certificate was made, seen from the new one.
  private static func cause(of reason: Reason) -> String {
    switch reason {
    case .noIdentityYet: "certrotd made it, since the keystore had none"
    case .renewalPoint(_, let notAfter, let remaining):
      "the one before \(remaining > 0 ? "ends" : "ended") at \(TimeText.instant(notAfter))"
    case .notYetValid(let notBefore):
      "the one before is valid only from \(TimeText.instant(notBefore)) on, which this clock has not reached"
    default: reason.description
    }
  }

  /// Why an identity was read; that it is new is what reading has shown, whatever the occasion.
  private static func cause(of reason: Reason, reading files: PEMIdentityFiles) -> String {
    let source = "it was read from \(files.certificate) and \(files.key)"
    guard case .requested(let why) = reason, !why.isEmpty else { return source }
    return "\(source), since \(why)"
  }

  /// Does what is about `files`, so that its error names them.
  private static func about<Result>(_ files: [FilePath], _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as SystemError {
      // It names its file.
      throw error
    } catch {
      throw FileFault(files: files, error: error)
    }
  }

  private static func culprit(of error: any Error) -> Culprit {
    switch error {
    case let fault as FileFault: culprit(of: fault.error)
    case let fault as IdentityFault: fault.culprit
    case is CredentialError, is CertificateError, is PrivateKeyError: .configuration
    default: .host
    }
  }

  private static let sizeLimit = 1024 * 1024
}

/// What is wrong with what files hold.
private struct FileFault: Error, CustomStringConvertible {
  let files: [FilePath]
  let error: any Error

  var description: String {
    let what = (error as? PrivateKeyError)?.sentence ?? "\(error)"
    return "\(files.map(\.string).joined(separator: " and ")): \(what)"
  }
}

extension IdentityFault {
  /// Whether the files simply hold what is in force already.
  var isSame: Bool {
    if case .same = self { true } else { false }
  }

  /// Whether it is what one finds while somebody replaces a certificate and its key one after the other.
  var isHalfReplaced: Bool {
    if case .keyFitsNone = self { true } else { false }
  }
}

extension KeystoreSettings {
  /// Whom the ledger knows as the owner of this keystore's identity.
  package var identityOwner: IdentityOwner {
    switch identity {
    case .serviceKey(let name): .serviceKey(name)
    case .pem: .pem(name)
    case .selfSigned, nil: .keystore(name)
    }
  }
}

extension IdentityState {
  package init(_ leaf: Certificate, issuers: [Certificate], recipe: String? = nil, acceptedAt: Date? = nil) {
    let end = ChainEnd(of: leaf, issuers: issuers)
    self.init(
      leaf: leaf.fingerprint, notBefore: leaf.validity.notBefore, notAfter: end.at,
      limit: end.issuer.map { Limit(issuer: $0.description, leafNotAfter: leaf.validity.notAfter) }, recipe: recipe,
      acceptedAt: acceptedAt)
  }

  /// What has to be said where ``notAfter`` is not what the certificate itself says; empty where it is.
  var limitNote: String {
    limit == nil ? "" : ", but of use only until \(TimeText.instant(notAfter)), when \(whatEnds) ends"
  }
}

extension KnownCertificate {
  package init(_ certificate: Certificate) {
    self.init(
      fingerprint: certificate.fingerprint, subject: certificate.subject.description,
      notBefore: certificate.validity.notBefore, notAfter: certificate.validity.notAfter)
  }
}
