// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Journal
import Ledger
import Logging
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// What is told of an error that ends the daemon.
struct FatalErrorTests {
  @Test func `it is an event that names the folder and who is at fault`() async throws {
    let site = try Site()
    try site.configure("endpoints: {}\n")
    // What cannot be written stands for what there is no room for.
    try site.folder.write("state", "no folder")
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let daemon = Daemon(
      configuration: site.configuration, layout: site.layout, credentialsFolder: nil, clock: site.clock,
      logger: logger, events: site.recorder.events, notifier: ServiceManagerNotifier(logger: logger), version: "1",
      files: HostFiles(), systemStore: nil)
    await #expect(throws: StartError.self) { try await daemon.run(obeying: await ProcessSignals.take()) }
    let told = site.recorder.take()
    #expect(told.map(\.event) == [.failed])
    #expect(told.first?.fields[.path] == site.layout.root.string && told.first?.fields[.culprit] == "host")
    try site.configure("endpoints: 7\n")
    await #expect(throws: StartError.self) { try await daemon.run(obeying: await ProcessSignals.take()) }
    #expect(site.recorder.takeNames() == [.configurationRejected], "that says it all")
  }

  @Test func `a full disk is the host's fault, whenever it is found`() {
    let full = LedgerError.full(ledger: "/var/lib/certrotd/ledger.sqlite3")
    #expect(Daemon.culprit(of: full) == .host && Daemon.culprit(of: StartError.ledger(full)) == .host)
    #expect(Daemon.culprit(of: CancellationError()) == .certrotd)
  }
}
