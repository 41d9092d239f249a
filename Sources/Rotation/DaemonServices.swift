// SPDX-License-Identifier: Apache-2.0

import ChainFetch
import Foundation
import HTTPTransport
import Host
import Journal
import Ledger
import Logging
import ServiceKeys
import ServiceLifecycle
import SystemPackage

/// The services of the daemon, wired together.
struct DaemonServices: Sendable {
  let fetcher: any ChainSource
  let keeper: ConfigurationKeeper
  let refresher: FileRefresher
  let passwords: PasswordReviewer
  let reviewer: TrustReviewer
  let dispatcher: Dispatcher
  /// What an operator may ask of keys on the platform.
  let keys: PlatformKeyControl
  let control: ControlService
  let watcher: FileWatcher
  let conductor: Conductor
  private let fileWatch: FileWatchService
  private let reviewBell: Bell
  private let notifier: ServiceManagerNotifier

  init(
    context: RotationContext, shelf: GenerationShelf, configurationPath: FilePath, systemStore: FilePath?,
    notifier: ServiceManagerNotifier, reach: PlatformReach, chains: (any ChainSource)?,
    version: String
  ) async throws {
    let bell = Bell()
    reviewBell = Bell()
    let bundles = BundleReader(files: context.files)
    let system = SystemTrustStore(systemStore)
    let anchors = AnchorLibrary(bundles: bundles, system: system)
    let client = try system.httpClient()
    watcher = try FileWatcher()
    let knowledge = KnowledgeReader(
      ledger: context.ledger, bundles: bundles, shelf: shelf, credentials: context.credentials, logger: context.logger)
    let assembler = ContentAssembler(ledger: context.ledger, bundles: bundles)
    let trustKeeper = TrustKeeper(context: context, assembler: assembler)
    reviewer = TrustReviewer(context: context, assembler: assembler)
    let issuers = IssuerPool(
      landscape: context.landscape, bundles: bundles, anchors: anchors, logger: context.logger)
    fetcher = try chains ?? ChainFetcher()
    let inspector = EndpointInspector(
      fetcher: fetcher, anchors: anchors, issuers: IssuerFetcher(client: client, clock: context.clock),
      credentials: context.credentials, clock: context.clock)
    keeper = ConfigurationKeeper(
      path: configurationPath, context: context, knowledge: knowledge,
      recovery: GenerationRecovery(context: context, shelf: shelf), anchors: anchors, trustKeeper: trustKeeper,
      watcher: watcher, bell: bell, reviewBell: reviewBell)
    passwords = PasswordReviewer(context: context, knowledge: knowledge, bell: bell)
    refresher = FileRefresher(
      context: context, knowledge: knowledge, anchors: anchors, trustKeeper: trustKeeper, passwords: passwords,
      bell: bell)
    let pulse = Pulse(
      context: context, fetcher: fetcher, refresher: refresher, keeper: keeper, notifier: notifier,
      presence: try StatePresence(context.layout, files: context.files),
      ledgerCounter: try await context.ledger.changeCounter())
    let verifier = IdentityVerifier(client: client, credentials: context.credentials, trust: reach.trust)
    let access = PlatformAccess(
      context: context,
      connector: PlatformConnector(
        client: client, logins: LoginPool(memory: LedgerLoginMemory(ledger: context.ledger, clock: context.clock)),
        credentials: context.credentials, clock: context.clock, reach: reach),
      troubles: PlatformTroubles(context: context))
    let progress = KeyProgressBoard()
    let rotations = KeyRotationRunner(
      context: context, access: access,
      identities: KeyIdentityActions(context: context, issuers: issuers, verifier: verifier),
      surveyor: KeySurveyor(context: context, access: access), progress: progress, checkpoint: reach.checkpoint)
    keys = PlatformKeyControl(
      context: context, access: access, rotations: rotations, progress: progress, bell: bell)
    dispatcher = Dispatcher(
      probes: ProbeRunner(
        context: context, inspector: inspector, trustKeeper: trustKeeper, reviewer: reviewer, bell: bell),
      serviceKeys: ServiceKeyIntake(context: context, issuers: issuers, verifier: verifier), rotations: rotations,
      identities: OwnIdentityKeeper(context: context, issuers: issuers),
      adopter: PSEAdopter(context: context, issuers: issuers, trustKeeper: trustKeeper),
      generations: GenerationWriter(
        context: context, assembler: assembler, shelf: shelf, trustKeeper: trustKeeper, reviewer: reviewer),
      hooks: HookExecutor(context: context, shelf: shelf),
      confirmer: KeystoreConfirmer(
        context: context, shelf: shelf,
        checker: ConfirmationChecker(context: context, shelf: shelf, fetcher: fetcher, verifier: verifier),
        reviewer: reviewer), alerts: AlertExecutor(context: context))
    conductor = Conductor(
      landscape: context.landscape, runner: dispatcher, bell: bell,
      alarm: SystemAlarm(timer: try WallClockTimer(clock: context.clock)), clock: context.clock,
      proveLife: { try await pulse.beat() })
    self.notifier = notifier
    let listings = KeyListings(clock: context.clock) { [keys] name in
      do throws(PlatformKeyControl.Refusal) {
        return .success(try await keys.keys(of: name))
      } catch {
        return .failure(error)
      }
    }
    control = ControlService(
      desk: ControlDesk(
        context: context, keeper: keeper, notifier: notifier, verifier: verifier, keys: keys, listings: listings,
        bell: bell, version: version))
    fileWatch = FileWatchService(context: context, watcher: watcher, refresher: refresher)
  }

  /// One group: SIGTERM and SIGINT end it within five seconds, and one service that fails ends them all.
  func group(obeying signals: ProcessSignals, logger: Logger) -> ServiceGroup {
    let reloader = Reloader(keeper: keeper, notifier: notifier, signals: signals.reloads)
    var configuration = ServiceGroupConfiguration(
      services: [
        // Without a name, each is described by everything in it, which takes a fifth of an idle start.
        .init(
          service: Stopper(signals: signals.ends), successTerminationBehavior: .gracefullyShutdownGroup,
          serviceName: "stopper"),
        .init(service: fileWatch, serviceName: "watcher of files"),
        .init(
          service: DeliveredReview(passwords: passwords, reviewer: reviewer, bell: reviewBell),
          serviceName: "review of what was delivered"),
        .init(service: reloader, serviceName: "reloader"),
        .init(service: conductor, serviceName: "conductor"),
        .init(service: control, serviceName: "control socket"),
      ], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(3)
    configuration.maximumCancellationDuration = .seconds(1)
    return ServiceGroup(configuration: configuration)
  }
}
