// SPDX-License-Identifier: Apache-2.0

import Journal
import ServiceLifecycle
import UnixSignals

/// Reloads the configuration on SIGHUP, which is what `systemctl reload` sends.
package struct Reloader: Service {
  private let keeper: ConfigurationKeeper
  private let notifier: ServiceManagerNotifier
  private let signals: UnixSignalsSequence

  init(keeper: ConfigurationKeeper, notifier: ServiceManagerNotifier, signals: UnixSignalsSequence) {
    self.keeper = keeper
    self.notifier = notifier
    self.signals = signals
  }

  package func run() async throws {
    for await _ in signals.cancelOnGracefulShutdown() {
      try await keeper.reload(telling: notifier)
    }
  }
}
