// SPDX-License-Identifier: Apache-2.0

import Certificates
import ChainFetch
import Delivery
import FoundationEssentials
import HTTPTransport
import Host
import Journal
import Keystores
import Ledger
import Logging
import Planning
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// The daemon on real files, a real ledger and real TLS servers; only the clock is the test's, and who turns the wheel.
final class Site: Sendable {
  let folder: TemporaryFolder
  let clock = ManualWallClock()
  let recorder = EventRecorder()
  /// How the daemon reaches platforms.
  private let reach: PlatformReach

  init(in folder: TemporaryFolder, reach: PlatformReach) {
    self.folder = folder
    self.reach = reach
  }

  convenience init(reach: PlatformReach = PlatformReach()) throws {
    self.init(in: try TemporaryFolder(), reach: reach)
  }

  var layout: StateLayout { StateLayout(root: folder.file("state")) }
  var configuration: FilePath { folder.file("certrotd.yaml") }

  func configure(_ yaml: String) throws { try folder.write("certrotd.yaml", yaml) }

  /// Starts the daemon as `certrotd run` does, lends it to `body`, and ends it in good order.
  func run<Result>(
    files: HostFiles = HostFiles(), systemStore: FilePath? = nil, reviewing: Bool = true,
    ledgerOptions: LedgerOptions = LedgerOptions(),
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: (RunningSite) async throws -> Result
  ) async throws -> Result {
    let daemon = Daemon(
      configuration: configuration, layout: layout, credentialsFolder: nil, clock: clock, logger: logger,
      events: recorder.events, notifier: ServiceManagerNotifier(logger: logger), version: "1.2.3", files: files,
      systemStore: systemStore, reach: reach, ledgerOptions: ledgerOptions)
    let settings = try daemon.readConfiguration()
    let lock = try daemon.takeState()
    defer { withExtendedLifetime(lock) {} }
    let (context, services) = try await daemon.prepare(settings)
    defer { services.fetcher.shutDown() }
    let running = RunningSite(context: context, services: services, folder: folder)
    // What a service does once the daemon is ready.
    if reviewing { try await running.review() }
    let result = try await body(running)
    try context.ledger.close()
    return result
  }

  /// What `certrotd verify` finds out about a keystore.
  func verify(_ keystore: String, _ daemon: RunningSite) async throws -> KeystoreVerification.Result {
    let inspector = EndpointInspector(
      fetcher: daemon.services.fetcher, anchors: AnchorLibrary(),
      issuers: IssuerFetcher(client: try HTTPClient(connections: 1), clock: clock),
      credentials: daemon.context.credentials, clock: clock)
    let configuration = await daemon.context.landscape.configuration
    return try await KeystoreVerification(
      context: daemon.context, shelf: GenerationShelf(layout: daemon.context.layout, files: HostFiles()),
      inspector: inspector
    ).run(try #require(configuration.keystore(named: keystore)), in: configuration)
  }

  /// Starts the daemon, does all that is due, and ends it.
  @discardableResult
  func settle(files: HostFiles = HostFiles()) async throws -> [Event] {
    try await run(files: files) { try await $0.settle() }
    return recorder.takeNames()
  }
}

/// A daemon that a test has started.
struct RunningSite: Sendable {
  let context: RotationContext
  let services: DaemonServices
  let folder: TemporaryFolder

  /// Does what is due until nothing is, as the conductor would.
  func settle(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    for _ in 1...20 {
      let due = await context.landscape.plan(now: context.clock.now()).due
      guard !due.isEmpty else { return }
      for work in due where await context.landscape.begin(work.work) {
        try await services.dispatcher.run(work)
        await context.landscape.end(CollectionOfOne(work.work))
      }
    }
    Issue.record("there is no end of due work", sourceLocation: sourceLocation)
  }

  /// What happens once in a refetch interval, beside the probes.
  func refresh() async throws {
    try await services.refresher.refresh()
    try await review()
  }

  fileprivate func review() async throws {
    try await services.passwords.review()
    try await services.reviewer.review()
  }

  func store(_ keystore: String) -> GenerationStore {
    GenerationShelf(layout: context.layout, files: HostFiles()).store(of: keystore)
  }

  /// What a keystore's file holds, as it lies on disk.
  func read(_ keystore: String, _ file: String, as format: FileFormat = .pse()) throws -> KeystoreContent {
    try Self.read(context.layout.keystore(keystore).appending("current").appending(file), as: format)
  }

  static func read(_ path: FilePath, as format: FileFormat) throws -> KeystoreContent {
    let bytes = try HostFiles().readSecretFile(path, limit: 1 << 20)
    return try KeystoreReader.read(format, [RenderedFile(bytes: bytes, holdsSecret: true)]).content
  }

  func currentNumber(_ keystore: String) async throws -> Int? {
    let recorded = try await context.ledger.currentGeneration(keystore)?.number
    #expect(try store(keystore).current() == recorded, "ledger and disk agree")
    return recorded
  }
}
