// SPDX-License-Identifier: Apache-2.0

package import Certificates
import Delivery
package import FoundationEssentials
import Keystores
package import Ledger
package import Logging
import OpenSSLBridge
package import Planning
package import Settings
import SystemPackage

/// Reads what the ledger and the disk say about the entries of a configuration.
package struct KnowledgeReader: Sendable {
  private let ledger: LedgerStore
  private let bundles: BundleReader
  private let shelf: GenerationShelf
  private let credentials: CredentialStore
  private let logger: Logger

  /// - Parameters:
  ///   - ledger: what is recorded.
  ///   - bundles: reads bundles.
  ///   - shelf: where generations lie.
  ///   - credentials: opens the files with their passwords.
  ///   - logger: hears of records that cannot be read.
  package init(
    ledger: LedgerStore, bundles: BundleReader, shelf: GenerationShelf, credentials: CredentialStore,
    logger: Logger = Logger(label: "knowledge") { _ in SwiftLogNoOpLogHandler() }
  ) {
    self.logger = logger
    self.ledger = ledger
    self.bundles = bundles
    self.shelf = shelf
    self.credentials = credentials
  }

  /// Everything a plan for `configuration` needs, except whether files have other passwords than their credentials.
  ///
  /// To open a file takes a twentieth of a second, which a start has not: ``PasswordReviewer`` does it later.
  ///
  /// - Throws: `LedgerError`.
  package func read(_ configuration: Configuration, now: Date) async throws -> Knowledge {
    let stored = try await ledger.schedules()
    let schedules = Dictionary(stored.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    var inventory = Inventory(installation: try await ledger.installationSeed())
    let bundles = bundles(of: configuration)
    (inventory.bundles, inventory.bundleFaults) = (bundles.certificates, bundles.faults)
    inventory.endpoints.reserveCapacity(configuration.endpoints.count)
    var overlaps: [String: Duration] = [:]
    for keystore in configuration.keystores {
      for name in keystore.trust.endpoints {
        overlaps[name] = min(keystore.overlap, overlaps[name] ?? keystore.overlap)
      }
    }
    for endpoint in configuration.endpoints {
      var state = try await endpointState(endpoint.name, schedules)
      if let overlap = overlaps[endpoint.name] { try await remember(endpoint, overlap, in: &state, now: now) }
      inventory.endpoints[endpoint.name] = state
    }
    let rotations = try await ledger.rotations()
    for serviceKey in configuration.serviceKeys {
      let stored = schedules[.readServiceKey(serviceKey.name)]
      inventory.serviceKeys[serviceKey.name] = SourceState(
        schedule: stored?.schedule ?? .untouched,
        renewals: schedules[.renewServiceKey(serviceKey.name)]?.schedule ?? .untouched,
        identity: try await currentIdentity(
          .serviceKey(serviceKey.name), ofPlatform: serviceKey.source.platformKey != nil),
        rejected: stored?.condition?.name.hasPrefix(SourceState.rejection) == true ? stored?.reason : nil,
        unproven: stored?.condition?.name.hasPrefix(SourceState.patience) == true ? stored?.reason : nil,
        rotation: rotations.first { $0.serviceKey == serviceKey.name }.flatMap(rotation),
        keys: try await ledger.platformKeys(of: serviceKey.name).map(PlatformKeyState.init),
        login: serviceKey.source.platformKey == nil
          ? nil : try await ledger.loginCertificates(of: serviceKey.name).first.map { KnownCertificate($0) })
    }
    for keystore in configuration.keystores {
      inventory.keystores[keystore.name] = try await keystoreState(keystore, schedules)
    }
    for keystore in configuration.keystores {
      // What was needed when the daemon last ran is needed still, until a new look says otherwise.
      let members = TrustPlanner.wanted(keystore, inventory, now: now).members
      inventory.keystores[keystore.name]?.trustMembers = members
    }
    inventory.hooks = try await ledger.pendingHooks().map { HookState($0, in: configuration) }
    inventory.alerts = Set(try await ledger.raisedAlerts().compactMap(AlertMark.init))
    return Knowledge(inventory: inventory, conditions: schedules.compactMapValues(\.condition))
  }

  /// What the bundles of the keystores hold now, and why some cannot be read.
  package func bundles(of configuration: Configuration) -> BundleReading {
    var reading = BundleReading()
    for path in Set(configuration.keystores.flatMap(\.trust.bundles)) {
      do {
        reading.certificates[path.string] = try bundles.certificates(at: path).map { KnownCertificate($0) }
      } catch {
        reading.faults[path.string] = error.description
      }
    }
    return reading
  }

  /// What is wrong with the files of a generation as they lie on disk; nil if nothing is.
  package func damage(of generation: Int, keystore: String) -> String? {
    shelf.damage(of: generation, keystore: keystore)
  }

  /// A rotation that cannot be read begins anew: what it made so far is found on the platform by its labels.
  private func rotation(_ record: RotationRecord) -> KeyRotation? {
    do throws(KeyRotationText.Unreadable) {
      return try KeyRotationText.decode(record.state)
    } catch {
      logger.error("\(error)", metadata: ["service-key": .string(record.serviceKey)])
      return nil
    }
  }

  /// Whether the files of a generation open with the passwords that their credentials hold now.
  ///
  /// The file itself tells, so that nothing has to be kept that a password could be guessed by.
  ///
  /// - Parameters:
  ///   - generation: whose files are opened.
  ///   - keystore: its settings with what they leave open, `inForce(_:)`.
  /// - Returns: the finding, which names the credential and never its content.
  package func passwords(of generation: Int, _ keystore: KeystoreSettings) -> PasswordFinding {
    let references = keystore.files.compactMap(\.format.password)
    guard !references.isEmpty else { return .fitting }
    for reference in references {
      do {
        _ = try credentials.secret(reference)
      } catch {
        return .unusable(error.sentence)
      }
    }
    var finding = PasswordFinding.fitting
    do {
      let outputs = try KeystoreOutput.resolve(keystore, credentials: credentials)
      for (output, reference) in zip(outputs, keystore.files.flatMap(\.passwordOfEachOutput)) {
        guard let reference else { continue }
        do {
          if try !shelf.opens(generation, keystore: keystore.name, [output]) { finding = .other }
        } catch let error as KeystoreError where error.concernsThePassword {
          return .unusable("the credential \(reference) cannot be used: \(error); write another one into it")
        }
      }
      return finding
    } catch {
      return .unknown
    }
  }

  private func endpointState(
    _ name: String, _ schedules: [ScheduleKey: StoredSchedule]
  ) async throws -> EndpointState {
    guard let stored = schedules[.probe(name)] else { return EndpointState() }
    var state = EndpointState(schedule: stored.schedule, attempted: stored.lastAttempt != nil)
    state.verifiedPath = try await ledger.latestVerifiedPath(name).map { PathState($0.path, verifiedAt: $0.at) }
    if stored.failures > 0 { state.currentlyFailing = stored.reason }
    return state
  }

  /// Adds the paths that verified shortly before the last one.
  private func remember(
    _ endpoint: EndpointSettings, _ overlap: Duration, in state: inout EndpointState, now: Date
  ) async throws {
    let remembered = EndpointState.looksRemembered * (endpoint.refetchEvery / .seconds(1))
    // A longer overlap keeps them anyway, and ten thousand readings take their time.
    guard overlap / .seconds(1) < remembered else { return }
    for path in try await ledger.earlierVerifiedPaths(endpoint.name, since: now.addingTimeInterval(-remembered)) {
      state.remember(PathState(path.path, verifiedAt: path.at), refetchedEvery: endpoint.refetchEvery, now: now)
    }
  }

  private func currentIdentity(_ owner: IdentityOwner, ofPlatform: Bool = false) async throws -> IdentityState? {
    try await ledger.identities(owner).first { $0.supersededAt == nil }.map {
      IdentityState($0.leaf, issuers: $0.issuers, recipe: $0.recipe, acceptedAt: ofPlatform ? $0.acceptedAt : nil)
    }
  }

  private func keystoreState(
    _ keystore: KeystoreSettings, _ schedules: [ScheduleKey: StoredSchedule]
  ) async throws -> KeystoreState {
    let name = keystore.name
    var state = KeystoreState()
    state.identitySchedule = schedules[.identity(name)]?.schedule ?? .untouched
    state.writing = schedules[.write(name)]?.schedule ?? .untouched
    switch keystore.identity {
    case .selfSigned, .pem: state.identity = try await currentIdentity(keystore.identityOwner)
    case .serviceKey, nil: break
    }
    state.passwordFault = schedules[.passwords(name)].flatMap { $0.condition == nil ? nil : $0.reason }
    let gaps = schedules[.trust(name)]?.gaps ?? [:]
    if !gaps.isEmpty { state.gaps = gaps.filter { keystore.trust.endpoints.contains($0.key) } }
    state.adoptionSchedule = schedules[.adoption(name)]?.schedule ?? .untouched
    if let adoption = try await ledger.adoption(of: name) {
      var issuers: [Certificate] = []
      if let leaf = adoption.leaf { issuers = try await ledger.issuers(of: leaf.fingerprint) }
      state.adoption = AdoptionState(adoption, issuers: issuers, recipe: keystore.adopt?.recipe)
      state.adoption?.otherNames
        .formUnion(shelf.otherNames(of: FilePath(adoption.path), among: keystore.files))
    }
    state.trustMembers = try await ledger.trustMembers(name).map(TrustMember.init)
    let generations = try await ledger.generations(name, limit: Self.generationsRead)
    state.unfinished = generations.first { $0.state == .staged }?.number
    guard let current = try await ledger.currentGeneration(name) else {
      state.failedContent = generations.first.flatMap(Self.failedContent)
      do throws(DeliveryError) {
        state.unread = try shelf.unrecorded(of: name, among: generations.map(\.number))
      } catch {
        logger.warning(
          "whether files of a generation are in use is not known: \(error)", metadata: ["keystore": .string(name)])
      }
      return state
    }
    state.current = GenerationState(
      number: current.number, content: GenerationContent(current), identity: try await identity(of: current, keystore),
      wasFound: current.adopted,
      trustNotAfter: try await ledger.certificates(Set(current.trust)).values.map(\.validity.notAfter).min())
    state.damage = shelf.damage(of: current.number, keystore: name, amid: state.unfinished)
    if keystore.confirm != nil {
      state.confirmation = try await ledger.confirmation(of: name).map { GenerationConfirmation($0) }
    }
    if let newest = generations.first, newest.number > current.number {
      state.failedContent = Self.failedContent(newest)
    }
    if let withdrawn = Self.withdrawn(for: current, among: generations) {
      state.heldContent = GenerationContent(withdrawn)
      state.rolledBackTo = current.number
    }
    return state
  }

  private func identity(
    of generation: StoredGeneration, _ keystore: KeystoreSettings
  ) async throws -> IdentityState? {
    guard let leaf = generation.leaf else { return nil }
    if let known = try await ledger.identityState(of: leaf) { return known }
    let read = ReadableGeneration(
      generation.number, of: keystore.readable, on: shelf, credentials: credentials)
    guard let found = read.found, let certificate = found.certificate, certificate.fingerprint == leaf else {
      return nil
    }
    return IdentityState(certificate, issuers: found.issuers)
  }

  /// The generation that was withdrawn in favour of the current one, newest first among `generations`.
  ///
  /// One that was made anew after damage has a later number, and stands for the one that was brought back.
  private static func withdrawn(
    for current: StoredGeneration, among generations: [StoredGeneration]
  ) -> StoredGeneration? {
    let used = generations.filter(\.wasInForce)
    let origin = used.filter { $0.holdsSame(as: current) }.map(\.number).min() ?? current.number
    // Going from one making of the same content to another withdraws nothing.
    let withdrawn = used.first { $0.number > origin && $0.isRolledBack && !$0.holdsSame(as: current) }
    guard let withdrawn else { return nil }
    let isHeld =
      withdrawn.number > current.number
      || used.allSatisfy { $0.number <= withdrawn.number || $0.holdsSame(as: current) }
    return isHeld ? withdrawn : nil
  }

  private static func failedContent(_ generation: StoredGeneration) -> GenerationContent? {
    if case .failed = generation.state { GenerationContent(generation) } else { nil }
  }

  /// More than the failed ones that the ledger keeps, so that the ones that were in force last are among them.
  private static let generationsRead = 2 * LedgerStore.failedGenerationsPerKeystore
}

extension GenerationContent {
  package init(_ stored: StoredGeneration) {
    self.init(recipe: stored.recipe, identityLeaf: stored.leaf, trust: Set(stored.trust))
  }
}

extension StoredGeneration {
  /// Whether it has the same identity and the same trust list, however its files were made.
  fileprivate func holdsSame(as other: StoredGeneration) -> Bool { leaf == other.leaf && trust == other.trust }

  /// Whether it was withdrawn after it had been current.
  package var isRolledBack: Bool {
    if case .rolledBack = state { true } else { false }
  }
}

extension PathState {
  package init(_ path: CertificatePath, verifiedAt: Date) {
    self.init(
      leaf: KnownCertificate(path.leaf), issuers: path.issuers.map { KnownCertificate($0) },
      root: KnownCertificate(path.root), verifiedAt: verifiedAt)
  }
}

extension AdoptionState {
  package init(_ adoption: Adoption, issuers: [Certificate], recipe: String?) {
    self.init(
      file: adoption.path, adoptedAt: adoption.adoptedAt,
      identity: adoption.leaf.map { IdentityState($0, issuers: issuers, recipe: recipe) },
      trust: adoption.trust.map { KnownCertificate($0) }, form: adoption.form.map { AdoptedForm($0) },
      otherNames: Set(adoption.otherNames.map { FilePath($0) }))
  }
}

extension AdoptedForm {
  init(_ file: AdoptedFile) {
    self.init(
      version: file.version == 4 ? .four : .two, hasPIN: file.hasPIN, owner: file.owner, group: file.group,
      mode: file.mode)
  }
}

extension TrustMember {
  package init(_ stored: StoredTrustMember) {
    self.init(
      certificate: KnownCertificate(stored.certificate), firstNeeded: stored.firstNeeded, lastNeeded: stored.lastNeeded)
  }
}

extension HookState {
  package init(_ hook: PendingHook, in configuration: Configuration) {
    let logins = configuration.keystore(named: hook.keystore)?.logins ?? []
    self.init(
      id: hook.id, keystore: hook.keystore, generation: hook.generation,
      isLogin: logins.contains { $0.arguments == hook.arguments }, attempts: hook.attempts,
      schedule: hook.attempts == 0
        ? .untouched
        : Schedule(
          lastAttempt: hook.lastAttempt, failures: hook.attempts, nextAttempt: hook.nextAttempt,
          reason: hook.outcome ?? ""))
  }
}

extension LedgerStore {
  /// What is known of an identity by its certificate; nil where that is unknown.
  func identityState(of leaf: Fingerprint) async throws(LedgerError) -> IdentityState? {
    guard let certificate = try await certificates([leaf])[leaf] else { return nil }
    return IdentityState(certificate, issuers: try await issuers(of: leaf))
  }
}
