// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import UnixSignals

/// Returns on SIGTERM or SIGINT, whereupon its group shuts down; also on one that came before the group ran.
struct Stopper: Service {
  let signals: UnixSignalsSequence

  func run() async throws {
    for await _ in signals.cancelOnGracefulShutdown() { return }
  }
}
