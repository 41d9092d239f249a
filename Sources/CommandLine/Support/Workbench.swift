// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChainFetch
import Foundation
import Host
import Journal
import Ledger
import Logging
import Planning
import Rotation
import Settings
import SystemPackage

/// What a command works with: the configuration, the ledger, and what both say now.
struct Workbench {
  let configuration: Configuration
  /// How many mistakes the configuration on disk has, where the one that the daemon accepted last stands in for it; else 0.
  let mistakes: Int
  let context: RotationContext
  let shelf: GenerationShelf
  let inspector: EndpointInspector
  let issuers: IssuerPool
  let verifier: IdentityVerifier
  private let fetcher: ChainFetcher

  /// Which configuration a command goes by.
  enum Source {
    /// The one on disk, which must be without mistakes.
    case onDisk
    /// The one on disk, or while that has mistakes the one that the daemon accepted last.
    case inForce
  }

  /// Reads the configuration and opens the ledger.
  ///
  /// - Parameters:
  ///   - options: where configuration and state lie.
  ///   - access: whether the ledger may be written.
  ///   - source: which configuration counts.
  ///   - beginning: whether a ledger is begun where certrotd has never worked.
  /// - Returns: all of it, for one command.
  /// - Throws: ``ConfigurationRefusal`` with every mistake; `LedgerError` when there is no ledger to read.
  static func open(
    _ options: GlobalOptions, access: LedgerAccess, by source: Source, beginning: Bool = false
  ) async throws -> Workbench {
    let (configuration, mistakes) =
      switch source {
      case .onDisk: (try readConfiguration(options), 0)
      case .inForce: try readConfigurationInForce(options)
      }
    let folder = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"]
      .map { FilePath($0).fromWorkingFolder }
    let layout = options.layout
    // What root writes here, down to SQLite's companion files, the daemon could not open later.
    try Privileges.assumeOwner(of: layout.root, keepingGroups: outputGroups(of: configuration))
    let files = HostFiles()
    var ledgerOptions = LedgerOptions.command
    ledgerOptions.makesMissing = try beginning && EarlierLife.traces(in: layout, files: files).isEmpty
    let ledger = try LedgerStore.open(
      at: layout.ledger, sealing: layout.sealingSource(credentialsFolder: folder, files: files), access: access,
      options: ledgerOptions, now: Date()
    ).store
    let clock = SystemWallClock()
    let bundles = BundleReader(files: files)
    let shelf = GenerationShelf(layout: layout, files: files)
    let credentials = CredentialStore(folder: folder, files: files)
    let knowledge = try await KnowledgeReader(ledger: ledger, bundles: bundles, shelf: shelf, credentials: credentials)
      .read(configuration, now: clock.now())
    let logger = Logger(label: "certrotd") { _ in StandardErrorLogHandler(style: .plain) }
    let landscape = Landscape(configuration: configuration, knowledge: knowledge)
    let system = SystemTrustStore()
    let anchors = AnchorLibrary(bundles: bundles, system: system)
    let fetcher = try ChainFetcher(loops: 1)
    let client = try system.httpClient(connections: 2)
    return Workbench(
      configuration: configuration, mistakes: mistakes,
      context: RotationContext(
        layout: layout, ledger: ledger, landscape: landscape, credentials: credentials, files: files, clock: clock,
        events: Events(logger: logger), logger: logger),
      shelf: shelf,
      inspector: EndpointInspector(
        fetcher: fetcher, anchors: anchors, issuers: IssuerFetcher(client: client, clock: clock),
        credentials: credentials, clock: clock),
      issuers: IssuerPool(landscape: landscape, bundles: bundles, anchors: anchors, logger: logger),
      verifier: IdentityVerifier(client: client, credentials: credentials), fetcher: fetcher)
  }

  private static func readConfiguration(_ options: GlobalOptions) throws -> Configuration {
    let reading = ConfigurationReader.read(
      main: options.configuration, files: HostConfigurationFiles(), stateDirectory: options.layout.root)
    guard let configuration = reading.configuration else { throw ConfigurationRefusal(mistakes: reading.mistakes) }
    return configuration
  }

  /// Reads the configuration, or while it has mistakes the copy of the one that the daemon accepted last.
  ///
  /// The copy says nothing about another main file, so that a typing error in `--config` stays an error.
  static func readConfigurationInForce(
    _ options: GlobalOptions
  ) throws -> (configuration: Configuration, mistakes: Int) {
    let reading = ConfigurationReader.read(
      main: options.configuration, files: HostConfigurationFiles(), stateDirectory: options.layout.root)
    if let configuration = reading.configuration { return (configuration, 0) }
    var accepted: Configuration?
    do {
      accepted = try AcceptedConfigurationFile(layout: options.layout, files: HostFiles()).load(
        of: options.configuration)
    } catch {
      Output.complain("the configuration that the daemon accepted last cannot be read either: \(error)")
    }
    guard let accepted else { throw ConfigurationRefusal(mistakes: reading.mistakes) }
    Output.complain(
      """
      the configuration \(options.configuration) has \(Output.count(reading.mistakes.count, "mistake")), which \
      certrotd check-config lists: what is said here goes by the one that the daemon accepted last
      """)
    return (accepted, reading.mistakes.count)
  }

  /// Groups that delivered files go to: the owner of the state may have them by the unit alone.
  private static func outputGroups(of configuration: Configuration) throws -> [UInt32] {
    try Set(configuration.keystores.flatMap(\.files).compactMap(\.group)).compactMap { try Accounts.groupID(named: $0) }
  }

  /// What is known, for status and plan.
  func inventory() async -> Inventory {
    var inventory = await context.landscape.inventory
    let (now, interval) = (context.clock.now(), configuration.defaults.refetchEvery)
    inventory.keystores = inventory.keystores.mapValues { $0.seenByCommand(at: now, daemonLooksEvery: interval) }
    return inventory
  }

  /// Ends the event loops.
  func close() { fetcher.shutDown() }

  /// Something that has a name, now or in the past.
  struct Named {
    let subject: Subject
    /// Nil for what the configuration has.
    let removal: Removal?
  }

  /// What `name` means in the configuration, or meant before: endpoints, service keys and keystores may share a name.
  ///
  /// - Throws: ``Refusal`` when there is nothing, `LedgerError`.
  func subjects(named name: String) async throws -> [Named] {
    let subjects: [(Subject, isConfigured: Bool)] = [
      (.endpoint(name), configuration.endpoint(named: name) != nil),
      (.serviceKey(name), configuration.serviceKey(named: name) != nil),
      (.keystore(name), configuration.keystore(named: name) != nil),
    ]
    var found: [Named] = []
    for (subject, isConfigured) in subjects {
      if isConfigured {
        found.append(Named(subject: subject, removal: nil))
      } else if let known = try await context.ledger.subjects(subject.inLedger.kind).first(where: { $0.name == name }) {
        found.append(Named(subject: subject, removal: Removal(subject, at: known.removedAt)))
      }
    }
    guard !found.isEmpty else {
      throw Refusal("nothing is or was called \(name) in the configuration: certrotd status lists what is")
    }
    return found
  }

  /// Prints a report with how many mistakes the configuration on disk has.
  func show(_ report: some Output.Displayable, as format: FormatOption) throws {
    try Output.show(NotedReport(report: report, mistakes: mistakes), as: format)
  }

  /// The keystore of this name.
  ///
  /// - Throws: ``Refusal`` when there is none.
  func keystore(named name: String) throws -> KeystoreSettings {
    guard let keystore = configuration.keystore(named: name) else {
      throw Refusal("there is no keystore \(name) in the configuration: certrotd status lists what is")
    }
    return keystore
  }
}
