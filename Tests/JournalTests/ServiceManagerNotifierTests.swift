// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing

@testable import Journal

struct ServiceManagerNotifierTests {
  private let sent = Recorder<String>()
  private let lines = Recorder<String>()

  private var logger: Logger {
    Logger(label: "test") { _ in StandardErrorLogHandler(style: .plain, write: lines.record) }
  }

  private func makeNotifier() -> ServiceManagerNotifier {
    ServiceManagerNotifier(logger: logger, monotonicMicroseconds: { 1_234_567 }) { [sent] in sent.record($0) }
  }

  @Test func eachStateIsOneMessage() {
    let notifier = makeNotifier()
    notifier.ready(status: "3 endpoints")
    notifier.reloading()
    notifier.ready()
    notifier.status("next: s4 in 6 h")
    notifier.keepAlive()
    notifier.stopping()
    #expect(
      sent.values == [
        "READY=1\nSTATUS=3 endpoints", "RELOADING=1\nMONOTONIC_USEC=1234567", "READY=1", "STATUS=next: s4 in 6 h",
        "WATCHDOG=1", "STOPPING=1",
      ])
    #expect(lines.values.isEmpty)
  }

  @Test func aStatusCannotSmuggleInAnAssignment() {
    makeNotifier().status("failed: x\nMAINPID=1")
    #expect(sent.values == ["STATUS=failed: x MAINPID=1"])
  }

  @Test func aNotificationThatCannotBeSentIsLogged() {
    let notifier = ServiceManagerNotifier(logger: logger, monotonicMicroseconds: { 0 }) {
      _ throws(ServiceManagerNotifier.Failure) in
      throw ServiceManagerNotifier.Failure(code: 111)
    }
    notifier.keepAlive()
    #expect(
      lines.values == [
        "WARNING cannot notify the service manager: sd_notify failed with errno 111 state=\"WATCHDOG=1\"\n"
      ])
  }

  @Test func outsideAServiceNothingIsSentAndNothingFails() {
    ServiceManagerNotifier(logger: logger).ready()
    #expect(lines.values.isEmpty)
    #expect(ServiceManagerNotifier.watchdogInterval() == nil)
  }
}
