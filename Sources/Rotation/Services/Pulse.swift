// SPDX-License-Identifier: Apache-2.0

import ChainFetch
import FoundationEssentials
import Host
import Journal
import Ledger
import Logging
import Settings

/// Proves on each turn of the conductor that the daemon lives: through the event loops and the ledger, then to the watchdog.
///
/// A part that hangs stops the proof, and the service manager ends the process after `WatchdogSec=`.
package actor Pulse {
  private let context: RotationContext
  private let fetcher: any ChainSource
  private let refresher: FileRefresher
  private let keeper: ConfigurationKeeper
  private let notifier: ServiceManagerNotifier
  private let presence: StatePresence
  private let monotonic: @Sendable () -> ContinuousClock.Instant
  private var isReady = false
  private var ledgerCounter: Int
  private var lastProof: ContinuousClock.Instant?
  private var lastRefresh: ContinuousClock.Instant
  private var lastSeen: (wall: Date, monotonic: ContinuousClock.Instant)?

  /// - Parameters:
  ///   - context: what every step needs.
  ///   - fetcher: whose event loops are reached through.
  ///   - refresher: looks at files once in a refetch interval.
  ///   - keeper: reads the ledger again after a command wrote to it.
  ///   - notifier: tells the service manager.
  ///   - presence: the state as it was opened.
  ///   - ledgerCounter: the ledger's ``LedgerStore/changeCounter()`` before the daemon first read it, so that what a
  ///     command writes during the start is noticed.
  ///   - monotonic: a clock that nobody sets.
  init(
    context: RotationContext, fetcher: any ChainSource, refresher: FileRefresher, keeper: ConfigurationKeeper,
    notifier: ServiceManagerNotifier, presence: StatePresence, ledgerCounter: Int,
    monotonic: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock().now }
  ) {
    self.context = context
    self.fetcher = fetcher
    self.refresher = refresher
    self.keeper = keeper
    self.notifier = notifier
    self.presence = presence
    self.ledgerCounter = ledgerCounter
    self.monotonic = monotonic
    self.lastRefresh = monotonic()
  }

  /// One beat.
  ///
  /// - Throws: `LedgerError` when the ledger no longer answers as it should, ``StateLoss`` when it is gone.
  package func beat() async throws {
    let now = monotonic()
    // Turns follow each other quickly while much is going on; one proof a second is plenty.
    if let lastProof, lastProof.duration(to: now) < .seconds(1) { return }
    lastProof = now
    guard await fetcher.heartbeat() else {
      context.logger.error("an event loop no longer turns")
      return
    }
    try presence.check()
    try await noticeForeignWrites()
    try await noticeClockChange(at: now)
    if lastRefresh.duration(to: now) >= (await context.landscape.configuration.defaults.refetchEvery) {
      lastRefresh = now
      try await refresher.refresh()
      keeper.reviewDelivered()
      _ = try await context.ledger.housekeep(at: context.clock.now())
    }
    if isReady { notifier.keepAlive() } else { becomeReady() }
  }

  private func becomeReady() {
    isReady = true
    notifier.ready(status: "watching")
    notifier.keepAlive()
    ProcessMemory.releaseCode()
    keeper.reviewDelivered()
  }

  /// A command may have rolled a keystore back or taken a service key over.
  private func noticeForeignWrites() async throws {
    let counter = try await context.ledger.changeCounter()
    guard counter != ledgerCounter else { return }
    ledgerCounter = counter
    try await keeper.rereadLedger()
  }

  private func noticeClockChange(at now: ContinuousClock.Instant) async throws {
    let wall = context.clock.now()
    defer { lastSeen = (wall, now) }
    guard let lastSeen else { return }
    let offset = wall.timeIntervalSince(lastSeen.wall) - lastSeen.monotonic.duration(to: now) / .seconds(1)
    guard abs(offset) >= Self.offsetWorthTelling else { return }
    let reason = "the wall clock moved by \(Int(offset)) s; everything is planned anew by it"
    let event = Events.Raised(
      .clockChanged, message: reason, fields: [.reason: reason, .offset: String(Int(offset))])
    try await context.tell([event], of: .daemon)
  }

  /// Seconds; smaller steps are what time synchronisation does every day.
  private static let offsetWorthTelling: TimeInterval = 60
}
