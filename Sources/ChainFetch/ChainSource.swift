// SPDX-License-Identifier: Apache-2.0

/// Whoever can be asked for the chain of a server: ``ChainFetcher``, or a world that is simulated.
package protocol ChainSource: Sendable {
  /// Asks a server for its chain; a failure is a result too.
  func probe(_ target: ProbeTarget) async -> ProbeResult

  /// Whether all that works on probes still moves on; returns once that is known.
  func heartbeat() async -> Bool

  /// Gives up all probes; nothing may be asked any more.
  func shutDown()
}
