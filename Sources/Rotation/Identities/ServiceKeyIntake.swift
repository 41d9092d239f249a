// SPDX-License-Identifier: Apache-2.0

package import Certificates
import FoundationEssentials
package import Host
import Journal
import Keystores
import Ledger
import Logging
import OpenSSLBridge
import Planning
package import ServiceKeys
package import Settings
import SystemPackage

/// Takes service keys over from the files that they are dropped into, once everything about them was checked.
package struct ServiceKeyIntake: Sendable {
  private let context: RotationContext
  private let issuers: IssuerPool
  private let verifier: IdentityVerifier
  private let lock: IntakeLock

  /// - Parameters:
  ///   - context: what every step needs.
  ///   - issuers: complete chains.
  ///   - verifier: tries an identity as the settings say.
  ///   - lock: that of the state folder, unless another waits otherwise.
  package init(context: RotationContext, issuers: IssuerPool, verifier: IdentityVerifier, lock: IntakeLock? = nil) {
    self.context = context
    self.issuers = issuers
    self.verifier = verifier
    self.lock = lock ?? IntakeLock(path: context.layout.intakeLock)
  }

  /// What reading a file once came to.
  package enum Outcome: Sendable {
    case accepted(leaf: Certificate, issuers: [Certificate], document: ServiceKeyDocument)
    /// The file holds what is in force already.
    case unchanged
    /// There is no file yet.
    case absent(String)
    case rejected(Rejection)
  }

  /// Why a service key that was found good could not be put in its place.
  package struct PlacementFailure: Error, Sendable {
    package let error: any Error

    package init(_ error: any Error) { self.error = error }
  }

  /// Why a service key was not taken over.
  package struct Rejection: Error, Sendable, Hashable {
    package let culprit: Culprit
    package let reason: String
    /// SHA-256 of the file, so that the same file is complained about once; nil when it could not be read.
    package let digest: Fingerprint?
    /// Whether trying again with the same file may help.
    package let mayPass: Bool
    /// Whether the platform is at fault, by being away or not knowing the key yet: that is waited for before anybody is told.
    package var mayComeToBeProven = false
  }

  /// Reads the file of service key `name`, and takes over what is new and good.
  func run(_ name: String) async throws {
    guard let settings = await context.landscape.configuration.serviceKey(named: name) else { return }
    let asked = await context.landscape.demand(of: .readServiceKey(name))
    let outcome = try await take(settings, force: false)
    let now = context.clock.now()
    let before = await context.landscape.inventory.serviceKeys[name] ?? SourceState()
    let cadence = await context.landscape.cadence(of: .readServiceKey(name))
    var schedule: Schedule
    var condition: String?
    var rejected: String?
    var unproven: String?
    var isToBeTold = false
    switch outcome {
    case .accepted, .unchanged: schedule = before.schedule.succeeded(at: now, cadence: cadence)
    // Nothing is wrong while nobody has dropped a file; the watcher notices when somebody does.
    case .absent(let reason): schedule = before.schedule.succeeded(at: now, cadence: cadence, reason: reason)
    case .rejected(let rejection):
      schedule =
        rejection.mayPass
        ? before.schedule.failed(at: now, cadence: cadence, reason: rejection.reason)
        : before.schedule.succeeded(at: now, cadence: cadence, reason: rejection.reason)
      let content = rejection.digest?.short ?? "unread"
      let told = await context.landscape.conditions[.readServiceKey(name)]
      let failures = ToldFailures(rejection.reason, after: told?.name, of: "\(SourceState.rejection)-\(content)")
      (condition, rejected) = (failures.condition, rejection.reason)
      isToBeTold = failures.isNew
      if rejection.mayComeToBeProven, !failures.isAfterAnother {
        let waiting = "\(SourceState.patience)-\(content)"
        let since = told?.name == waiting ? told?.since ?? now : now
        // A clock that was set back must not prolong it.
        let patience = settings.verifyPatience / .seconds(1)
        if since <= now, now.timeIntervalSince(since) < patience {
          (condition, rejected, unproven) = (waiting, nil, rejection.reason)
          let end = since.addingTimeInterval(patience)
          schedule.nextAttempt = schedule.nextAttempt.map { min($0, end) } ?? end
        }
      }
    }
    let (_, told) = try await context.record(schedule, of: .readServiceKey(name), condition: condition)
    // The file may have changed again since it was read.
    await context.landscape.conclude([(.readServiceKey(name), asked)]) { [schedule, rejected, unproven] inventory in
      inventory.serviceKeys[name, default: SourceState()].schedule = schedule
      inventory.serviceKeys[name]?.rejected = rejected
      inventory.serviceKeys[name]?.unproven = unproven
    }
    if case .rejected(let rejection) = outcome {
      guard unproven == nil else { return tellUnproven(rejection, settings, next: schedule.nextAttempt) }
      guard isToBeTold else { return }
      let inForce = try await predecessor(
        context.ledger.currentEntry(.serviceKey(name)), settings, force: false)
      let event = rejection.event(for: settings, inForce: inForce != nil)
      try await context.tell([event], of: LedgerSubject(.serviceKey, name))
    } else if told?.hasPrefix(SourceState.rejection) == true {
      try await context.tell([outcome.recovery(of: settings)], of: LedgerSubject(.serviceKey, name))
    }
  }

  private func tellUnproven(_ rejection: Rejection, _ settings: ServiceKeySettings, next: Date?) {
    let time = next.map { ", and tried again at \(TimeText.instant($0))" } ?? ""
    context.logger.notice(
      "the new service key \(settings.name) is not in force yet\(time): \(rejection.reason)",
      metadata: ["service-key": .string(settings.name), "culprit": .string(rejection.culprit.rawValue)])
  }

  /// Ends the complaint about the file of `settings`, if there was one, after another process than the daemon put a good one
  /// in its place.
  ///
  /// - Throws: `LedgerError`.
  package func settle(_ settings: ServiceKeySettings) async throws {
    let key = ScheduleKey.readServiceKey(settings.name)
    guard await context.landscape.conditions[key] != nil else { return }
    let before = await context.landscape.inventory.serviceKeys[settings.name] ?? SourceState()
    let cadence = await context.landscape.cadence(of: .readServiceKey(settings.name))
    let schedule = before.schedule.succeeded(at: context.clock.now(), cadence: cadence)
    let (_, told) = try await context.record(schedule, of: key, condition: nil)
    await context.landscape.update { inventory in
      inventory.serviceKeys[settings.name]?.rejected = nil
      inventory.serviceKeys[settings.name]?.unproven = nil
    }
    guard told?.hasPrefix(SourceState.rejection) == true else { return }
    try await context.tell(
      [Self.recovered(settings.name, because: Self.goodOne)], of: LedgerSubject(.serviceKey, settings.name))
  }

  /// Reads, examines, verifies and records the service key; the inventory learns of it.
  ///
  /// - Parameters:
  ///   - settings: the service key in the configuration.
  ///   - offered: the bytes to take over in place of the configured file.
  ///   - force: takes a certificate over even though it ends no later than the one in force.
  ///   - place: puts the bytes that were found good where the configuration names them. The ledger learns of them after
  ///     that: if it fails nothing is claimed, and after a crash in between the daemon finds the file.
  /// - Returns: what came of it.
  /// - Throws: `LedgerError` when the ledger cannot be read or written, and what `place` throws; everything else is an
  ///   outcome.
  package func take(
    _ settings: ServiceKeySettings, offered: SecretBytes? = nil, force: Bool,
    place: (SecretBytes) throws(PlacementFailure) -> Void = { _ in }
  ) async throws -> Outcome {
    do {
      guard let path = settings.source.file else {
        return .absent("it is made on the platform, not dropped in as a file")
      }
      for _ in 1...Self.looks {
        let outcome = try await attempt(settings, from: path, offered: offered, force: force, place: place)
        if let outcome { return outcome }
      }
      throw Rejection(
        culprit: .host, reason: "\(path) changed each time that it was looked at", digest: nil,
        mayPass: true)
    } catch let rejection as Rejection {
      return .rejected(rejection)
    } catch let error as SystemError {
      return .rejected(Rejection(culprit: .host, reason: error.description, digest: nil, mayPass: true))
    } catch let error as IntakeBusy {
      return .rejected(Rejection(culprit: .host, reason: error.description, digest: nil, mayPass: true))
    } catch let error as PrivateKeyError {
      return .rejected(Rejection(culprit: .host, reason: String(describing: error), digest: nil, mayPass: true))
    }
  }

  /// nil when the file or what is in force changed while the service key was examined, which may take a minute.
  private func attempt(
    _ settings: ServiceKeySettings, from path: FilePath, offered: SecretBytes?, force: Bool,
    place: (SecretBytes) throws(PlacementFailure) -> Void
  ) async throws -> Outcome? {
    guard let seen = try await lock.run({ try await look(settings, at: path, offered: offered) }) else {
      return .absent("no file has been dropped at \(path) yet")
    }
    let current = seen.current
    if current?.sourceDigest == seen.digest { return .unchanged }
    let candidate = try await examine(
      seen.bytes, digest: seen.digest, settings, replacing: try await predecessor(current, settings, force: force))
    guard let (document, identity) = candidate else { return .unchanged }
    let new = NewIdentity(
      owner: .serviceKey(settings.name), leaf: identity.certificate, issuers: identity.issuers,
      privateKey: try identity.key.pkcs8DER(), clientID: document.clientID, tokenURL: document.tokenURL,
      sourceDigest: seen.digest)
    let state = IdentityState(identity.certificate, issuers: identity.issuers)
    let news = context.entries(
      [Self.accepted(identity.certificate, state, settings, previous: current?.leaf)],
      of: LedgerSubject(.serviceKey, settings.name))
    let isRecorded = try await lock.run {
      let again = try await look(settings, at: path, offered: offered)
      guard let again, again.digest == seen.digest, again.current?.id == current?.id else { return false }
      try place(seen.bytes)
      _ = try await context.ledger.acceptIdentity(new, telling: news, at: context.clock.now())
      return true
    }
    guard isRecorded else { return nil }
    await context.landscape.update {
      $0.serviceKeys[settings.name, default: SourceState()].identity = state
    }
    try await context.tell(recorded: news)
    if offered == nil { OpenKeyFile.warn(of: path, context) }
    return .accepted(leaf: identity.certificate, issuers: identity.issuers, document: document)
  }

  /// What a new identity is compared with: what the ledger has in force, or while it knows of none what consumers have.
  private func predecessor(
    _ current: IdentityEntry?, _ settings: ServiceKeySettings, force: Bool
  ) async throws(LedgerError) -> IdentityExaminer.Predecessor? {
    if let current { return .init(leaf: current.leaf, issuers: current.issuers, mayEndEarlier: force) }
    return try await DeliveredIdentity(context: context).leaf(of: .serviceKey(settings.name))
      .map { .init(leaf: $0, mayEndEarlier: force, isRecorded: false) }
  }

  /// What there is to take over, and what is in force; nil without a file.
  private func look(
    _ settings: ServiceKeySettings, at path: FilePath, offered: SecretBytes?
  ) async throws -> (bytes: SecretBytes, digest: [UInt8], current: IdentityEntry?)? {
    if offered == nil, try context.files.linkStatusIfPresent(of: path) == nil { return nil }
    let bytes = try offered ?? context.files.readSecretFile(path, limit: Self.sizeLimit)
    let current = try await context.ledger.currentEntry(.serviceKey(settings.name))
    return (bytes, Digest.sha256(bytes), current)
  }

  private func examine(
    _ bytes: SecretBytes, digest: [UInt8], _ settings: ServiceKeySettings,
    replacing predecessor: IdentityExaminer.Predecessor?
  ) async throws -> (ServiceKeyDocument, Identity)? {
    func rejection(_ culprit: Culprit, _ error: some Error, mayPass: Bool = false) -> Rejection {
      Rejection(
        culprit: culprit, reason: String(describing: error), digest: Fingerprint(bytes: digest), mayPass: mayPass)
    }
    let document: ServiceKeyDocument
    let key: PrivateKey
    do {
      document = try ServiceKeyReader.read(
        bytes, fields: settings.fields.map { ServiceKeyFieldPaths(certificate: $0.certificate, key: $0.key) })
      let passphrase = try settings.passphrase.map { try context.credentials.secret($0) }
      key = try PrivateKey(pem: document.privateKeyPEM, passphrase: passphrase)
    } catch let error as PrivateKeyError {
      throw Rejection(
        culprit: .configuration, reason: error.sentence, digest: Fingerprint(bytes: digest), mayPass: false)
    } catch {
      throw rejection(.configuration, error)
    }
    let identity: Identity
    do {
      identity = try IdentityExaminer.examine(
        certificates: document.certificates, key: key, completing: await issuers.certificates(),
        predecessor: predecessor, use: .clientAuthentication, now: context.clock.now())
    } catch {
      if error.isSame { return nil }
      let advice = error.insistence("key import")
      throw Rejection(
        culprit: error.culprit, reason: advice.map { "\(error): \($0)" } ?? "\(error)",
        digest: Fingerprint(bytes: digest), mayPass: error.mayPass)
    }
    // Where there is nobody to ask, no waiting helps.
    let isAsked = settings.verify != .token || document.tokenURL != nil && document.clientID != nil
    switch try await verifier.verify(identity, document, settings) {
    case .accepted: return (document, identity)
    case .refused(let reason):
      throw Rejection(
        culprit: .platform, reason: reason, digest: Fingerprint(bytes: digest), mayPass: true,
        mayComeToBeProven: isAsked)
    case .inconclusive(let culprit, let reason):
      throw Rejection(
        culprit: culprit, reason: reason, digest: Fingerprint(bytes: digest), mayPass: true,
        mayComeToBeProven: [.platform, .server, .network].contains(culprit))
    }
  }

  private static func accepted(
    _ leaf: Certificate, _ state: IdentityState, _ settings: ServiceKeySettings, previous: Certificate?
  ) -> Events.Raised {
    var fields: [EventField: String] = [
      .serviceKey: settings.name, .fingerprint: leaf.fingerprint.description,
      .notAfter: EventTime.text(leaf.validity.notAfter), .subject: leaf.subject.description,
    ]
    if let path = settings.source.file { fields[.path] = path.string }
    if let previous { fields[.previousFingerprint] = previous.fingerprint.description }
    return Events.Raised(
      .keyAccepted,
      message: """
        service key \(settings.name) was accepted: \(leaf.subject), valid until \
        \(TimeText.instant(leaf.validity.notAfter))\(state.limitNote)
        """, fields: fields)
  }

  fileprivate static let goodOne = "a good one was taken over"
  /// How often a file is looked at that changes meanwhile.
  private static let looks = 4
  /// A service key has a few kilobytes; in bytes.
  package static let sizeLimit = 1024 * 1024
}

extension ServiceKeyIntake.Outcome {
  /// What is told where a file was rejected before.
  fileprivate func recovery(of settings: ServiceKeySettings) -> Events.Raised {
    let path = settings.source.file.map { "\($0)" } ?? "its file"
    let reason =
      switch self {
      case .accepted: ServiceKeyIntake.goodOne
      case .unchanged: "\(path) holds the one in force again"
      case .absent, .rejected: "\(path) was removed"
      }
    return ServiceKeyIntake.recovered(settings.name, because: reason)
  }
}

extension ServiceKeyIntake {
  /// What is told when nothing is wrong any more with the file of service key `name`.
  static func recovered(_ name: String, because reason: String) -> Events.Raised {
    Events.Raised(
      .keyRecovered, message: "service key \(name) is in order again: \(reason)",
      fields: [.serviceKey: name, .reason: reason])
  }
}

extension ServiceKeyIntake.Rejection {
  /// - Parameters:
  ///   - settings: the service key in the configuration.
  ///   - inForce: whether another one was accepted before.
  /// - Returns: what is told.
  func event(for settings: ServiceKeySettings, inForce: Bool) -> Events.Raised {
    let consequence = inForce ? "the one in force stays" : "none is in force"
    let place = settings.source.file.map { "\($0): " } ?? ""
    var fields: [EventField: String] = [.serviceKey: settings.name, .reason: reason, .culprit: culprit.rawValue]
    if let path = settings.source.file { fields[.path] = path.string }
    return Events.Raised(
      .keyRejected, message: "service key \(settings.name) was rejected, and \(consequence): \(place)\(reason)",
      fields: fields)
  }
}
