// SPDX-License-Identifier: Apache-2.0

import Certificates
package import ChainFetch
import Delivery
import FoundationEssentials
import HTTPTransport
package import Host
package import Journal
package import Ledger
package import Logging
import Planning
import ServiceLifecycle
import Settings
package import SystemPackage

/// The running program: puts the rooms together, once, and runs them as one service group.
package struct Daemon: Sendable {
  private let configurationPath: FilePath
  private let layout: StateLayout
  private let credentialsFolder: FilePath?
  private let clock: any WallClock
  private let logger: Logger
  private let events: Events
  private let notifier: ServiceManagerNotifier
  private let version: String
  private let files: HostFiles
  private let reach: PlatformReach
  private let systemStore: FilePath?
  private let chains: (any ChainSource)?
  private let ledgerOptions: LedgerOptions

  /// - Parameters:
  ///   - configuration: the main configuration file.
  ///   - layout: where state is kept.
  ///   - credentialsFolder: what `$CREDENTIALS_DIRECTORY` names.
  ///   - clock: the wall clock.
  ///   - logger: where everything is said.
  ///   - notifier: tells the service manager.
  ///   - version: what the first event names.
  package init(
    configuration: FilePath, layout: StateLayout, credentialsFolder: FilePath?, clock: any WallClock,
    logger: Logger, notifier: ServiceManagerNotifier, version: String
  ) {
    self.init(
      configuration: configuration, layout: layout, credentialsFolder: credentialsFolder, clock: clock,
      logger: logger, events: Events(logger: logger), notifier: notifier, version: version, files: HostFiles(),
      systemStore: nil)
  }

  /// Like ``init(configuration:layout:credentialsFolder:clock:logger:notifier:version:)``, with something else in the place
  /// of the world outside: `files` of the disk, `systemStore` of the trusted certificates, `reach` of the platforms,
  /// `chains` of all TLS servers, and with `ledgerOptions` for how the ledger is opened.
  package init(
    configuration: FilePath, layout: StateLayout, credentialsFolder: FilePath?, clock: any WallClock,
    logger: Logger, events: Events, notifier: ServiceManagerNotifier, version: String, files: HostFiles,
    systemStore: FilePath?, reach: PlatformReach = PlatformReach(), chains: (any ChainSource)? = nil,
    ledgerOptions: LedgerOptions = LedgerOptions()
  ) {
    self.configurationPath = configuration
    self.layout = layout
    self.credentialsFolder = credentialsFolder
    self.clock = clock
    self.logger = logger
    self.events = events
    self.notifier = notifier
    self.version = version
    self.files = files
    self.reach = reach
    self.systemStore = systemStore
    self.chains = chains
    self.ledgerOptions = ledgerOptions
  }

  /// Runs until SIGTERM or SIGINT.
  ///
  /// - Parameter signals: those that came meanwhile count: a start ends as it would without them, and then they are obeyed.
  /// - Throws: ``StartError`` when it cannot start; any error of a service that cannot go on.
  ///   It was told as an event then, except for mistakes in the configuration, which have one of their own.
  package func run(obeying signals: ProcessSignals) async throws {
    do {
      try await runAlone(obeying: signals)
    } catch {
      if case StartError.configuration = error { throw error }
      events.raise(
        .failed, message: "certrotd cannot go on: \(error)",
        fields: [.reason: "\(error)", .culprit: Self.culprit(of: error).rawValue, .path: layout.root.string])
      throw error
    }
  }

  static func culprit(of error: any Error) -> Culprit {
    switch error {
    case StartError.ledger(let error): error.culprit
    case let error as LedgerError: error.culprit
    case is StartError, is SystemError, is StateLoss: .host
    default: .certrotd
    }
  }

  /// Runs once nobody else works on the state.
  private func runAlone(obeying signals: ProcessSignals) async throws {
    let configuration = try readConfiguration()
    // What reads it is not needed before the next reload, and the inventory takes its place.
    ProcessMemory.releaseCode()
    let lock = try takeState()
    let end: Result<Void, any Error>
    do {
      end = .success(try await serve(configuration, obeying: signals))
    } catch {
      end = .failure(error)
    }
    lock.release()
    try end.get()
  }

  /// Runs while the caller holds the lock on the state.
  private func serve(_ configuration: AcceptedConfiguration, obeying signals: ProcessSignals) async throws {
    let (context, services) = try await prepare(configuration)
    defer { services.fetcher.shutDown() }
    do {
      try await services.group(obeying: signals, logger: logger).run()
    } catch let loss as StateLoss {
      // Where only the log is gone, this saves what was in it.
      do {
        try context.ledger.close()
      } catch {
        logger.warning("the ledger cannot be closed in good order: \(error)")
      }
      throw loss
    }
    notifier.stopping()
    events.raise(.stopping, message: "certrotd is stopping", fields: [.reason: "it was told to end"])
    try context.ledger.close()
  }

  /// Everything that comes before the first turn of the conductor: opens the ledger, makes it agree with the disk, and
  /// puts `configuration` in force.
  func prepare(
    _ accepted: AcceptedConfiguration
  ) async throws -> (context: RotationContext, services: DaemonServices) {
    let configuration = accepted.configuration
    let traces = try tracesOfEarlierLife()
    let opening = try openLedger()
    let context = try await makeContext(opening.store, configuration)
    try await report(opening, traces, context)
    let shelf = GenerationShelf(layout: layout, files: context.files)
    for error in Sapgenpse.removeLeftovers(in: layout.scratch, files: files) {
      logger.warning("a folder that was made for sapgenpse stays behind: \(error)")
    }
    // What it was killed before it could tell.
    try await context.tell(recorded: try await context.ledger.untoldHistory())
    try await GenerationRecovery(context: context, shelf: shelf).resume(configuration)
    try await GenerationPruning(context: context, shelf: shelf).prune(configuration)
    let services = try await DaemonServices(
      context: context, shelf: shelf, configurationPath: configurationPath, systemStore: systemStore,
      notifier: notifier, reach: reach, chains: chains, version: version)
    try await services.keeper.start(with: accepted)
    ProcessMemory.releaseCode()
    return (context, services)
  }

  func readConfiguration() throws(StartError) -> AcceptedConfiguration {
    let (accepted, mistakes) = AcceptedConfiguration.read(
      configurationPath, stateDirectory: layout.root, isStart: true)
    guard let accepted else {
      let event = ConfigurationKeeper.rejected(configurationPath, mistakes, atStart: true)
      events.raise(event.event, message: event.message, fields: event.fields)
      throw .configuration(configurationPath, mistakes: mistakes.count)
    }
    return accepted
  }

  /// Makes the folders of the state, and makes sure that no other daemon works on them.
  func takeState() throws(StartError) -> FileLock {
    do {
      // A typing error in the path would otherwise begin anew somewhere else, and nobody would see why.
      let parent = layout.root.removingLastComponent()
      guard try files.linkStatusIfPresent(of: parent) != nil else { throw StartError.noFolder(parent, of: layout.root) }
      try files.makeDirectories(at: layout.keystores, mode: [.ownerReadWriteExecute, .groupExecute, .otherExecute])
      // The folder itself: a lock file could be removed, and a second daemon would lock another one. Commands that edit a
      // file in a folder lock it for a moment too.
      let patience = Duration.milliseconds(500)
      guard let lock = try FileLock.acquire(onFolder: layout.root, within: patience, files: files) else {
        throw StartError.alreadyRunning(layout.root)
      }
      return lock
    } catch let error as SystemError {
      throw .state(error)
    } catch let error as StartError {
      throw error
    } catch {
      preconditionFailure("only these two are thrown here, not \(error)")
    }
  }

  private func tracesOfEarlierLife() throws(StartError) -> [FilePath] {
    do throws(SystemError) {
      return try EarlierLife.traces(in: layout, files: files)
    } catch {
      throw .state(error)
    }
  }

  private func openLedger() throws(StartError) -> LedgerOpening {
    let sealing: SealingKeySource
    do {
      sealing = try layout.sealingSource(credentialsFolder: credentialsFolder, files: files)
    } catch {
      throw .state(error)
    }
    do {
      return try LedgerStore.open(
        at: layout.ledger, sealing: sealing, access: .readWrite, options: ledgerOptions, now: clock.now())
    } catch {
      throw .ledger(error)
    }
  }

  private func makeContext(_ ledger: LedgerStore, _ configuration: Configuration) async throws -> RotationContext {
    let empty = Knowledge(inventory: Inventory(installation: try await ledger.installationSeed()), conditions: [:])
    return RotationContext(
      layout: layout, ledger: ledger, landscape: Landscape(configuration: configuration, knowledge: empty),
      credentials: CredentialStore(folder: credentialsFolder, files: files), files: files, clock: clock, events: events,
      logger: logger)
  }

  private func report(
    _ opening: LedgerOpening, _ traces: [FilePath], _ context: RotationContext
  ) async throws {
    events.raise(
      .started, message: "certrotd \(version) has started with \(configurationPath)",
      fields: [.version: version, .path: configurationPath.string])
    switch opening.origin {
    case .existing: break
    case .created:
      guard !traces.isEmpty else { break }
      let reason =
        "\(traces.map(\.string).joined(separator: ", ")) \(traces.count == 1 ? "is" : "are") there without it"
      let message = """
        the ledger \(layout.ledger) was removed or emptied; a new one is built from the configuration and the files on disk
        """
      try await context.tell(
        [.init(.ledgerMissing, message: message, fields: [.path: layout.ledger.string, .reason: reason])], of: .daemon)
    case .migrated(let old, let new): logger.notice("the ledger was brought from version \(old) to \(new)")
    case .replaced(let aside, let detail):
      let message = """
        the ledger was damaged and is kept as \(aside); a new one is built from the configuration and the files on disk
        """
      try await context.tell(
        [.init(.ledgerDamaged, message: message, fields: [.path: aside.string, .reason: detail])], of: .daemon)
    }
  }
}

/// Why the daemon cannot start.
package enum StartError: Error, Sendable {
  case configuration(FilePath, mistakes: Int)
  case alreadyRunning(FilePath)
  /// The folder that the state folder is to lie in does not exist.
  case noFolder(FilePath, of: FilePath)
  case state(SystemError)
  case ledger(LedgerError)
}

extension StartError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .configuration(let path, let mistakes):
      "the configuration \(path) has \(mistakes) \(mistakes == 1 ? "mistake" : "mistakes"): certrotd check-config lists them"
    case .alreadyRunning(let root): "another certrotd runs on \(root) already"
    case .noFolder(let parent, let root):
      "the state folder \(root) cannot be made, since there is no folder \(parent): make that one, or correct --state"
    case .state(let error): "the state folder cannot be used: \(error)"
    case .ledger(let error): error.description
    }
  }
}
