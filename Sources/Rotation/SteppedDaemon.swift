// SPDX-License-Identifier: Apache-2.0

import ChainFetch
import FoundationEssentials
import Host
package import Ledger
package import Planning

/// A daemon that somebody else turns: it does what is due when it is told to, and never waits.
///
/// All of it is the daemon's own but the loop, which ``Conductor`` is otherwise.
package struct SteppedDaemon: Sendable {
  package let landscape: Landscape
  package let ledger: LedgerStore
  private let services: DaemonServices
  private let context: RotationContext

  fileprivate init(_ context: RotationContext, _ services: DaemonServices) {
    landscape = context.landscape
    ledger = context.ledger
    self.context = context
    self.services = services
  }

  /// Does one piece of work, unless it is under way.
  ///
  /// - Throws: what would end the daemon.
  package func run(_ work: DueWork) async throws {
    guard await landscape.begin(work.work) else { return }
    try await services.dispatcher.run(work)
    await landscape.end(CollectionOfOne(work.work))
  }

  /// Probes many endpoints at once.
  ///
  /// - Throws: what would end the daemon.
  package func probe(_ endpoints: [String]) async throws {
    var begun: [String] = []
    for name in endpoints where await landscape.begin(.probe(endpoint: name)) { begun.append(name) }
    guard !begun.isEmpty else { return }
    try await services.dispatcher.probe(begun)
  }

  /// What the daemon does once in a refetch interval beside the probes.
  ///
  /// - Throws: what would end the daemon.
  package func refresh() async throws {
    try await services.refresher.refresh()
    try await services.passwords.review()
    try await services.reviewer.review()
    _ = try await ledger.housekeep(at: context.clock.now())
  }
}

extension Daemon {
  /// Starts as ``run(obeying:)`` does, lends the daemon to `body`, and ends it in good order, unless `body` throws.
  ///
  /// - Throws: ``StartError``, `LedgerError`, and what `body` throws.
  package func stepped<Result>(_ body: (SteppedDaemon) async throws -> Result) async throws -> Result {
    let configuration = try readConfiguration()
    let lock = try takeState()
    let (context, services) = try await prepare(configuration)
    let result: Swift.Result<Result, any Error>
    do {
      result = .success(try await body(SteppedDaemon(context, services)))
    } catch {
      result = .failure(error)
    }
    services.fetcher.shutDown()
    try context.ledger.close()
    lock.release()
    return try result.get()
  }
}
