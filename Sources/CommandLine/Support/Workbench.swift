// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChainFetch
import Foundation
import HTTPTransport
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
  let context: RotationContext
  let shelf: GenerationShelf
  let inspector: EndpointInspector
  let issuers: IssuerPool
  let verifier: IdentityVerifier
  private let fetcher: ChainFetcher

  /// Reads the configuration and opens the ledger.
  ///
  /// - Throws: `ExitCode.configuration` after every mistake was printed; `LedgerError` when there is no ledger to read.
  static func open(_ options: GlobalOptions, access: LedgerAccess) async throws -> Workbench {
    let configuration = try readConfiguration(options)
    let folder = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"]
      .map { FilePath($0).fromWorkingFolder }
    let layout = options.layout
    // What root writes here, down to SQLite's companion files, the daemon could not open later.
    try Privileges.assumeOwner(of: layout.root, keepingGroups: outputGroups(of: configuration))
    let ledger = try LedgerStore.open(
      at: layout.ledger, sealing: layout.sealingSource(credentialsFolder: folder, files: HostFiles()), access: access,
      options: .command, now: Date()
    ).store
    let files = HostFiles()
    let clock = SystemWallClock()
    let bundles = BundleReader(files: files)
    let shelf = GenerationShelf(layout: layout, files: files)
    let credentials = CredentialStore(folder: folder, files: files)
    let knowledge = try await KnowledgeReader(ledger: ledger, bundles: bundles, shelf: shelf, credentials: credentials)
      .read(configuration, now: clock.now())
    let logger = Logger(label: "certrotd") { _ in StandardErrorLogHandler(style: .plain) }
    let landscape = Landscape(configuration: configuration, knowledge: knowledge)
    let anchors = AnchorLibrary(bundles: bundles)
    let fetcher = try ChainFetcher(loops: 1)
    let client = try HTTPClient(connections: 2)
    return Workbench(
      configuration: configuration,
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

  /// Reads the configuration or prints its mistakes.
  static func readConfiguration(
    _ options: GlobalOptions, files: HostConfigurationFiles = HostConfigurationFiles()
  ) throws -> Configuration {
    let reading = ConfigurationReader.read(
      main: options.configuration, files: files, stateDirectory: options.layout.root)
    for mistake in reading.mistakes { Output.complain(mistake.description) }
    guard let configuration = reading.configuration, reading.mistakes.isEmpty else { throw ExitCode.configuration }
    return configuration
  }

  /// Groups that delivered files go to: the owner of the state may have them by the unit alone.
  private static func outputGroups(of configuration: Configuration) throws -> [UInt32] {
    try Set(configuration.keystores.flatMap(\.files).compactMap(\.group)).compactMap { try Accounts.groupID(named: $0) }
  }

  /// What is known, for status and plan.
  func inventory() async -> Inventory { await context.landscape.inventory }

  /// Ends the event loops.
  func close() { fetcher.shutDown() }

  /// The subject that `name` means in the configuration; endpoints, service keys and keystores may share a name.
  ///
  /// - Throws: ``Refusal`` when there is none.
  func subjects(named name: String) throws -> [Subject] {
    var found: [Subject] = []
    if configuration.endpoint(named: name) != nil { found.append(.endpoint(name)) }
    if configuration.serviceKey(named: name) != nil { found.append(.serviceKey(name)) }
    if configuration.keystore(named: name) != nil { found.append(.keystore(name)) }
    guard !found.isEmpty else {
      throw Refusal("nothing is called \(name) in the configuration: certrotd status lists what is")
    }
    return found
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
