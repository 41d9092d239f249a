// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import UnixSignals

@testable import Rotation

/// Signals that reach the daemon while it starts.
///
/// Each would end this process if nobody had taken it.
@Suite(.timeLimit(.minutes(5))) struct EarlySignalTests {
  @Test func `a reload that is asked for during the start waits for who does it`() async {
    let signals = await ProcessSignals.take()
    kill(getpid(), SIGHUP)
    for await signal in signals.reloads {
      #expect(signal == .sighup)
      break
    }
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `an end that is asked for during the start comes in good order`(signal: Int32) async throws {
    let stopper = Stopper(signals: await ProcessSignals.take().ends)
    kill(getpid(), signal)
    try await stopper.run()
  }
}
