// SPDX-License-Identifier: Apache-2.0

import UnixSignals

/// The signals that the daemon obeys.
///
/// Until they are taken they end the process (signal(7)); from then on each is kept until somebody listens.
package struct ProcessSignals: Sendable {
  /// SIGHUP, which is what `systemctl reload` sends.
  let reloads: UnixSignalsSequence
  /// SIGTERM, which is what `systemctl stop` sends, and SIGINT.
  let ends: UnixSignalsSequence

  /// Takes them from now on; to be called before anything that takes a while.
  package static func take() async -> ProcessSignals {
    ProcessSignals(
      reloads: await UnixSignalsSequence(trapping: .sighup),
      ends: await UnixSignalsSequence(trapping: .sigterm, .sigint))
  }
}
