// SPDX-License-Identifier: Apache-2.0

import Control
import FoundationEssentials
import Host
import Keystores
import Ledger
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// The control socket of a whole daemon.
@Suite(.timeLimit(.minutes(10))) struct ControlTests {
  private let site: Site
  private let authority: Authority

  init() throws {
    site = try Site()
    authority = try Authority.one.get()
    try site.folder.write("roots.pem", [authority.root.certificate].pem)
    try site.configure(
      """
      service-keys:
        sender:
          from: {file: \(site.folder.file("sender.json"))}
          verify: none
      keystores:
        sender:
          identity: {service-key: sender}
          files: [{pem: {certificate: cert.pem, key: key.pem}}]
        own:
          identity: {self-signed: {subject: "CN=own", valid-for: 825d}}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pse: {path: own.pse}}]
      """)
  }

  /// Runs a daemon with its conductor and its control socket, all that is due being done, and lends both to `body`.
  private func serve(_ body: (RunningSite, FilePath) async throws -> Void) async throws {
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try await withThrowingTaskGroup { group in
        let server = try daemon.services.control.listen()
        group.addTask { await server.run() }
        group.addTask { try await daemon.services.conductor.run() }
        try await body(daemon, site.layout.controlSocket)
        group.cancelAll()
      }
    }
  }

  @Test func `a keystore is renewed when an operator asks for it, and not before`() async throws {
    try await serve { daemon, socket in
      let old = try daemon.read("own", "own.pse").identity?.certificate
      let idle = try await ControlClient(path: socket).renew("own", now: false) { _ in }
      #expect(idle.result == .unchanged)
      #expect(try daemon.read("own", "own.pse").identity?.certificate == old)

      var events: [String] = []
      let outcome = try await ControlClient(path: socket).renew("own", now: true) { step in
        if let event = step.event { events.append(event) }
      }
      #expect(outcome.result == .renewed, "\(outcome)")
      #expect(events == ["identity.renewed", "keystore.written"])
      #expect(try daemon.read("own", "own.pse").identity?.certificate != old)
    }
  }

  @Test func `a service key from a file is read, and its keystore follows`() async throws {
    try await serve { daemon, socket in
      let waiting = try await ControlClient(path: socket).renew("sender", now: true) { _ in }
      #expect(waiting.result == .failed, "there is no file yet")
      try site.folder.write("sender.json", bytes: authority.leaf().serviceKeyJSON().utf8)
      var events: [String] = []
      let outcome = try await ControlClient(path: socket).renew("sender", now: false) { step in
        if let event = step.event { events.append(event) }
      }
      #expect(outcome.result == .renewed, "\(outcome)")
      #expect(events == ["key.accepted", "keystore.written"])
      #expect(try await daemon.currentNumber("sender") == 1)
      let again = try await ControlClient(path: socket).renew("sender", now: true) { _ in }
      #expect(again.result == .unchanged)
      let verdict = try await ControlClient(path: socket)
        .call(.verify, ControlInterface.Name(name: "sender"), giving: ControlVerdict.self)
      #expect(verdict.verdict == .accepted && verdict.reason.contains("verify: none"))

      try site.folder.write("sender.json", bytes: "{}".utf8)
      let rejected = try await ControlClient(path: socket).renew("sender", now: false) { _ in }
      #expect(rejected.result == .failed && rejected.message.contains("rejected"), "\(rejected)")
    }
  }

  @Test func `it says how everything stands, and what it cannot do`() async throws {
    try await serve { _, socket in
      let client = try ControlClient(path: socket)
      let status = try await client.call(.status, giving: ControlInterface.StatusReply.self)
      #expect(status.subjects.map(\.name) == ["sender", "sender", "own"])
      #expect(try await client.call(.ping, giving: ControlInterface.Pong.self).version == "1.2.3")
      await #expect(throws: Fault.noSuchName("absent")) { try await client.renew("absent", now: true) { _ in } }
      let sender = ControlInterface.Name(name: "sender")
      do {
        let keys = try await client.call(.listKeys, sender, giving: ControlInterface.KeysReply.self)
        Issue.record("a file has keys on a platform: \(keys)")
      } catch let fault as Fault {
        #expect(fault.description.contains("dropped in as a file"))
      }
      await #expect(throws: Fault.self) { try await client.call(.verify, sender, giving: ControlVerdict.self) }
    }
  }

  @Test func `it reloads the configuration and gives its mistakes`() async throws {
    try await serve { daemon, socket in
      try site.configure("keystores: {own: {flies: []}}\n")
      let client = try ControlClient(path: socket)
      let bad = try await client.call(.reload, giving: ControlInterface.ReloadReply.self)
      #expect(!bad.inForce && bad.mistakes.first?.hasPrefix(site.configuration.string + ":1:") == true)
      try site.configure("endpoints: {}\n")
      #expect(try await client.call(.reload, giving: ControlInterface.ReloadReply.self).inForce)
      #expect(await daemon.context.landscape.configuration.keystores.isEmpty)
    }
  }
}
