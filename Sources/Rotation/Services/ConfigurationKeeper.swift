// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Host
package import Journal
import Ledger
import Logging
import Planning
package import Settings
package import SystemPackage

/// Reads the configuration and puts it in force; a bad one leaves the old one as it is.
package struct ConfigurationKeeper: Sendable {
  private let path: FilePath
  private let context: RotationContext
  private let knowledge: KnowledgeReader
  private let recovery: GenerationRecovery
  private let anchors: AnchorLibrary
  private let trustKeeper: TrustKeeper
  private let watcher: FileWatcher
  private let bell: Bell
  private let reviewBell: Bell
  private let copy: AcceptedConfigurationFile
  /// A reload that is overtaken by another one would put older files in force.
  private let turn = Turn()

  init(
    path: FilePath, context: RotationContext, knowledge: KnowledgeReader, recovery: GenerationRecovery,
    anchors: AnchorLibrary, trustKeeper: TrustKeeper, watcher: FileWatcher, bell: Bell, reviewBell: Bell
  ) {
    self.path = path
    self.context = context
    self.knowledge = knowledge
    self.recovery = recovery
    self.anchors = anchors
    self.trustKeeper = trustKeeper
    self.watcher = watcher
    self.bell = bell
    self.reviewBell = reviewBell
    copy = AcceptedConfigurationFile(layout: context.layout, files: context.files)
  }

  /// Reads the files again and puts what they say in force, after every reload that was asked for before.
  ///
  /// - Parameter notifier: tells the service manager when it begins and ends.
  /// - Returns: the mistakes in the files, which were told too; with any, the old configuration stays.
  /// - Throws: `LedgerError`.
  @discardableResult
  package func reload(telling notifier: ServiceManagerNotifier? = nil) async throws -> [ConfigurationMistake] {
    try await turn.take {
      notifier?.reloading()
      defer { notifier?.ready() }
      return try await readAndApply()
    }
  }

  private func readAndApply() async throws -> [ConfigurationMistake] {
    let (accepted, mistakes) = AcceptedConfiguration.read(path, stateDirectory: context.layout.root)
    guard let accepted else {
      try await context.tell([Self.rejected(path, mistakes)], of: .daemon)
      return mistakes
    }
    try await apply(accepted, replacing: await context.landscape.configuration, isStart: false)
    return []
  }

  /// Puts the first configuration in force; what became another one while no daemon ran is acted upon as after a reload.
  ///
  /// - Throws: `LedgerError`.
  package func start(with accepted: AcceptedConfiguration) async throws {
    var before: Configuration?
    do {
      before = try copy.load(of: path, sameAs: accepted)
    } catch {
      context.logger.warning(
        """
        the configuration that was in force before cannot be read, so that what changed since then is noticed at the next \
        refetch only: \(error)
        """)
    }
    try await apply(accepted, replacing: before, isStart: true)
  }

  /// Puts a configuration in force; what the ledger knows of removed entries stays there.
  ///
  /// - Parameters:
  ///   - accepted: what is in force from now on.
  ///   - old: what was in force before, in this run or an earlier one.
  ///   - isStart: whether nothing was in force in this run before.
  /// - Throws: `LedgerError`.
  private func apply(_ accepted: AcceptedConfiguration, replacing old: Configuration?, isStart: Bool) async throws {
    let configuration = accepted.configuration
    let now = context.clock.now()
    _ = try await context.ledger.markPresent(.endpoint, names: Set(configuration.endpoints.map(\.name)), at: now)
    let complaints = try await context.ledger.schedules().filter(\.isOfRejectedKey).map(\.key.subject)
    for subject in complaints where configuration.serviceKey(named: subject.name) == nil {
      let event = ServiceKeyIntake.recovered(subject.name, because: "it is no longer in the configuration")
      try await context.tell([event], of: subject)
    }
    _ = try await context.ledger.markPresent(.serviceKey, names: Set(configuration.serviceKeys.map(\.name)), at: now)
    _ = try await context.ledger.markPresent(.keystore, names: Set(configuration.keystores.map(\.name)), at: now)
    await anchors.reload()
    // Of those that were in force in this run already, the daemon writes the files.
    let inForce = isStart ? [] : Set(await context.landscape.configuration.keystores.map(\.name))
    try await recovery.adopt(configuration.keystores.filter { !inForce.contains($0.name) })
    let before = await context.landscape.knowledge
    var known = try await knowledge.read(configuration, now: now)
    // Whoever restarts or reloads has often just removed the cause, such as a missing permission. A daemon that crashes
    // over and over makes no storm of it: the service manager waits between its starts (RestartSec=).
    for (name, state) in known.inventory.keystores {
      known.inventory.keystores[name]?.writing = state.writing.hastened(to: now)
      known.inventory.keystores[name]?.identitySchedule = state.identitySchedule.hastened(to: now)
      known.inventory.keystores[name]?.adoptionSchedule = state.adoptionSchedule.hastened(to: now)
    }
    for (name, state) in known.inventory.endpoints where state.schedule.failures > 0 {
      known.inventory.endpoints[name]?.schedule = state.schedule.hastened(to: now)
    }
    for (name, state) in known.inventory.serviceKeys {
      known.inventory.serviceKeys[name]?.schedule = state.schedule.hastened(to: now)
    }
    known.keepPasswordFindings(of: before)
    await context.landscape.apply(configuration, known, readAfter: before)
    await context.landscape.request(
      ConfirmationPlanner.unconfirmed(configuration, known.inventory), because: "the configuration was read")
    if let old {
      try await forgetProbes(of: old.endpointsProbedOtherwise(in: configuration))
      try await forgetIdentityAttempts(of: old.keystoresWithOtherIdentity(in: configuration))
      let others = old.serviceKeysReadOtherwise(in: configuration)
      await context.landscape.release(
        others.filter { $0.source.file != nil }.map { .readServiceKey($0.name) }, because: Self.otherSettings)
      await releaseRotations(of: others.filter { $0.source.platformKey != nil }.map(\.name))
    }
    if isStart {
      await context.landscape.release(known.inventory.readings(of: configuration), because: "certrotd has started")
    } else {
      reviewDelivered()
    }
    for keystore in configuration.keystores { try await trustKeeper.settle(keystore) }
    let watched = configuration.watchedFiles + configuration.credentialFiles + [anchors.systemStore]
    for error in watcher.watch(watched) {
      context.logger.warning("a file cannot be watched, its changes are noticed at the next refetch only: \(error)")
    }
    let change = ConfigurationChange(from: old, to: configuration)
    let event = Events.Raised(
      .configurationApplied, message: "the configuration \(path) is in force: \(change)",
      fields: [.path: path.string, .reason: change.description])
    try await context.tell([event], of: .daemon)
    if !accepted.missing.isEmpty { try await context.tell([Self.incomplete(path, accepted.missing)], of: .daemon) }
    for warning in accepted.warnings { context.logger.warning("\(warning)") }
    keep(accepted)
    // The files' node trees were ten times as large as what came of them.
    ProcessMemory.returnFreePages()
    bell.ring()
  }

  /// Keeps a copy for commands and for the next start; last of all, so that what a crash leaves undone is done again.
  private func keep(_ accepted: AcceptedConfiguration) {
    do {
      try copy.save(accepted)
    } catch {
      context.logger.warning("no copy of the configuration in force can be kept for certrotd's commands: \(error)")
      do {
        try copy.remove()
      } catch {
        context.logger.warning("the copy of the configuration that was in force before stays behind: \(error)")
      }
    }
  }

  /// Reads the ledger again, after another process wrote to it.
  package func rereadLedger() async throws {
    try await turn.take {
      for _ in 1...Self.readings {
        let (configuration, revision, before) = await context.landscape.view
        var known = try await knowledge.read(configuration, now: context.clock.now())
        known.keepPasswordFindings(of: before)
        // What was recorded meanwhile is kept; whether the other process wrote about the same, only a new reading tells.
        guard await context.landscape.refresh(known, readAfter: before, of: revision) else { break }
      }
    }
    reviewDelivered()
    bell.ring()
  }

  /// Has what was delivered looked at, soon: the passwords of files and what trust lists verify.
  package func reviewDelivered() { reviewBell.ring() }

  /// Makes endpoints due whose settings are not those that they were probed with, and forgets how these probes went.
  ///
  /// The ledger learns of it, so that a restart and other processes know. The verified path stays what keystores trust.
  private func forgetProbes(of endpoints: [String]) async throws {
    guard !endpoints.isEmpty else { return }
    await context.landscape.update { inventory in
      for name in endpoints {
        inventory.endpoints[name]?.attempted = false
        inventory.endpoints[name]?.currentlyFailing = nil
      }
    }
    await context.landscape.release(endpoints.map { .probe(endpoint: $0) }, because: Self.otherSettings)
    let known = await context.landscape.knowledge
    let schedules = endpoints.compactMap { name in
      known.inventory.endpoints[name].map {
        StoredSchedule(.probe(name), $0.schedule, condition: known.conditions[.probe(name)])
      }
    }
    try await context.ledger.record(schedules)
  }

  /// Has renewals that failed by other settings tried again at once; a login that the platform refused is not sent again
  /// all the same, unless it is another one now.
  private func releaseRotations(of serviceKeys: [String]) async {
    await context.landscape.update { inventory in
      for name in serviceKeys {
        guard let rotation = inventory.serviceKeys[name]?.rotation, case .failed = rotation.standing else { continue }
        inventory.serviceKeys[name]?.rotation = rotation.released()
      }
    }
  }

  /// Forgets how it went with identities whose source is another one now: neither a backoff nor what was told concerns it.
  private func forgetIdentityAttempts(of keystores: [String]) async throws {
    for name in keystores {
      _ = try await context.record(.untouched, of: .identity(name), condition: nil)
      await context.landscape.update { $0.keystores[name]?.identitySchedule = .untouched }
    }
  }

  /// What is told of a configuration with mistakes.
  package static func rejected(
    _ path: FilePath, _ mistakes: [ConfigurationMistake], atStart: Bool = false
  ) -> Events.Raised {
    let consequence = atStart ? "none is in force" : "the one in force stays"
    return Events.Raised(
      .configurationRejected,
      message: "the configuration \(path) is rejected, and \(consequence):\n\(list(mistakes))",
      fields: [
        .path: path.string, .reason: mistakes.first?.description ?? "it cannot be read",
        .mistakes: String(mistakes.count), .culprit: Culprit.configuration.rawValue,
      ])
  }

  /// What is told of a start without files that the configuration names.
  private static func incomplete(_ path: FilePath, _ missing: [ConfigurationMistake]) -> Events.Raised {
    Events.Raised(
      .configurationIncomplete,
      message: """
        the configuration \(path) is in force but for what names a file, a folder or a program that is missing or cannot be \
        read:\n\(list(missing))
        """,
      fields: [
        .path: path.string, .reason: missing.first?.description ?? "something cannot be read",
        .mistakes: String(missing.count), .culprit: Culprit.host.rawValue,
      ])
  }

  private static func list(_ mistakes: [ConfigurationMistake]) -> String {
    let shown = mistakes.prefix(mistakesShown).map(\.description).joined(separator: "\n")
    return mistakes.count > mistakesShown ? "\(shown)\n… and \(mistakes.count - mistakesShown) more" : shown
  }

  private static let otherSettings = "its settings changed"
  private static let mistakesShown = 20
  /// How often the ledger is read until nothing is recorded during a reading; what is seldom busy needs one.
  private static let readings = 4
}

extension Configuration {
  /// The endpoints that `new` has too, but has probed otherwise.
  fileprivate func endpointsProbedOtherwise(in new: Configuration) -> [String] {
    let old = Dictionary(endpoints.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return new.endpoints.filter { old[$0.name]?.isProbed(like: $0) == false }.map(\.name)
  }

  /// The keystores that `new` has too, but has get their identity from elsewhere.
  fileprivate func keystoresWithOtherIdentity(in new: Configuration) -> [String] {
    let old = Dictionary(keystores.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return new.keystores.filter { keystore in
      old[keystore.name].map { $0.identity != keystore.identity } ?? false
    }.map(\.name)
  }

  /// The service keys that `new` has too, but has read, made or tried otherwise.
  fileprivate func serviceKeysReadOtherwise(in new: Configuration) -> [ServiceKeySettings] {
    let old = Dictionary(serviceKeys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return new.serviceKeys.filter { old[$0.name]?.isRead(like: $0) == false }
  }
}

extension Inventory {
  /// The reading of each file that was read well before: it may have changed while nobody watched it.
  fileprivate func readings(of configuration: Configuration) -> [Work] {
    func isRepeated(_ schedule: Schedule?) -> Bool { schedule?.lastAttempt != nil && schedule?.failures == 0 }
    let keys = configuration.serviceKeys.filter {
      $0.source.file != nil && isRepeated(serviceKeys[$0.name]?.schedule)
    }
    let stores = configuration.keystores.filter { keystore in
      if case .pem = keystore.identity { isRepeated(keystores[keystore.name]?.identitySchedule) } else { false }
    }
    return keys.map { .readServiceKey($0.name) } + stores.map { .readIdentityFiles(keystore: $0.name) }
  }
}

extension StoredSchedule {
  /// Whether the file of a service key was rejected, and nothing has ended that.
  fileprivate var isOfRejectedKey: Bool {
    key == .readServiceKey(key.subject.name) && condition?.name.hasPrefix(SourceState.rejection) == true
  }
}

extension EndpointSettings {
  /// Whether a probe by these settings finds what one by `other` finds: how often does not matter.
  func isProbed(like other: EndpointSettings) -> Bool {
    var same = other
    (same.refetchEvery, same.declared) = (refetchEvery, declared)
    return self == same
  }
}

extension ServiceKeySettings {
  /// Whether reading by these settings comes to what reading by `other` comes to: what is done later does not matter.
  func isRead(like other: ServiceKeySettings) -> Bool {
    var same = other
    (same.overlap, same.renewBefore, same.alertBefore, same.declared) = (overlap, renewBefore, alertBefore, declared)
    return self == same
  }
}
