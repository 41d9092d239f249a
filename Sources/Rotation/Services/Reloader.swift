// SPDX-License-Identifier: Apache-2.0

package import Journal
import ServiceLifecycle
import UnixSignals

/// Reloads the configuration on SIGHUP, which is what `systemctl reload` sends.
package struct Reloader: Service {
  private let keeper: ConfigurationKeeper
  private let notifier: ServiceManagerNotifier

  package init(keeper: ConfigurationKeeper, notifier: ServiceManagerNotifier) {
    self.keeper = keeper
    self.notifier = notifier
  }

  package func run() async throws {
    for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
      notifier.reloading()
      defer { notifier.ready() }
      try await keeper.reload()
    }
  }
}
