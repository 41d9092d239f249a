// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Journal
import Ledger
import Planning
import Settings
import TestSupport
import Testing

@testable import Rotation

/// New files, from being put in force to being confirmed, or to those before them.
struct ConfirmationLifeTests {
  private let authority: Authority
  private let first: TestIdentity
  private let second: TestIdentity
  private let third: TestIdentity

  init() throws {
    authority = try Authority.one.get()
    first = try authority.leaf(days: 90)
    second = try authority.leaf(days: 120)
    third = try authority.leaf(days: 150)
  }

  private static let served = "{patience: 2m, served: \"127.0.0.1:PORT\"}"

  /// Generation 1 with the first key, confirmed.
  private func begin(_ scene: ConfirmationScene, _ daemon: RunningSite) async throws {
    try await scene.drop(first, daemon)
    try await daemon.settle()
    #expect(try await scene.confirmation(daemon)?.isConfirmed == true)
    #expect(scene.hookRuns == [1])
    let names = scene.site.recorder.takeNames()
    #expect(names.suffix(2) == [.keystoreWritten, .keystoreConfirmed], "\(names)")
  }

  @Test func `a consumer that presents the new certificate after its hook confirms it`() async throws {
    let scene = try ConfirmationScene(Self.served, showing: first)
    try await scene.site.run { daemon in
      try await begin(scene, daemon)
      try await scene.drop(second, daemon)
      try await daemon.settle()
      #expect(try await scene.confirmation(daemon)?.isTrying == true, "the consumer takes its time")
      #expect(scene.hookRuns == [1, 2])
      try await scene.live(daemon, for: 20)
      #expect(try await scene.confirmation(daemon)?.isTrying == true)
      try scene.server.setIdentity(try second.served)
      try await scene.live(daemon, for: 40)
      #expect(try await scene.confirmation(daemon)?.isConfirmed == true)
      #expect(try await daemon.currentNumber("sender") == 2)
      #expect(scene.site.recorder.takeNames() == [.keyAccepted, .keystoreWritten, .keystoreConfirmed])
    }
  }

  @Test func `a consumer that never does brings the files before back, and the same is not tried again`() async throws {
    let scene = try ConfirmationScene(Self.served, showing: first)
    try await scene.site.run { daemon in
      try await begin(scene, daemon)
      let before = try scene.files
      try await scene.drop(second, daemon)
      try await scene.live(daemon, for: 119)
      #expect(try await daemon.currentNumber("sender") == 2, "patience")
      #expect(scene.site.recorder.takeNames() == [.keyAccepted, .keystoreWritten])
      try await scene.live(daemon, for: 2)
      #expect(try await daemon.currentNumber("sender") == 1)
      #expect(try scene.files == before, "byte for byte")
      #expect(try daemon.store("sender").damage(of: 1).isEmpty)
      #expect(scene.hookRuns == [1, 2, 1], "the hook ran again")
      let told = scene.site.recorder.take()
      #expect(told.map(\.event) == [.keystoreRolledBack, .keystoreConfirmed])
      let event = try #require(told.first)
      #expect(event.fields[.generation] == "1" && event.fields[.previousGeneration] == "2")
      #expect(event.fields[.culprit] == Culprit.server.rawValue)
      #expect(event.fields[.reason]?.contains("presents the certificate") == true, "\(event)")
      #expect(event.message.hasSuffix("certrotd rollback sender 2 puts it in force"), "\(event)")
      #expect(try await scene.confirmation(daemon)?.origin == .broughtBack)
      site(scene, passes: .days(1))
      try await daemon.settle()
      #expect(try await daemon.currentNumber("sender") == 1, "it is held")
    }
    try await scene.site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("sender") == 1, "across restarts")
      _ = scene.site.recorder.take()
      // Only two generations are kept, and yet the one that comes back is there again and again.
      for number in [3, 4] {
        try await scene.drop(try authority.leaf(days: 150 + Double(number)), daemon)
        try await scene.live(daemon, for: 130)
        #expect(try await daemon.currentNumber("sender") == 1)
        #expect(scene.hookRuns.suffix(2) == [number, 1], "new content is tried")
      }
      try await scene.drop(try authority.leaf(days: 180), daemon)
      try scene.server.setIdentity(try third.served)
      try await scene.drop(try authority.leaf(days: 200), daemon)
      let last = try authority.leaf(days: 220)
      try scene.server.setIdentity(try last.served)
      try await scene.drop(last, daemon)
      try await scene.live(daemon, for: 2)
      #expect(try await scene.confirmation(daemon)?.isConfirmed == true)
      #expect(try #require(try await daemon.currentNumber("sender")) > 4)
    }
  }

  private func site(_ scene: ConfirmationScene, passes time: Duration) { scene.site.clock.advance(by: time) }

  @Test func `an identity that is refused makes room, and the one that came back stays whatever comes`() async throws {
    var options = TLSServerOptions()
    options.clientCertificate = .requested
    let scene = try ConfirmationScene(
      "{patience: 1m, identity: {request: \"https://localhost:PORT/ping\", method: GET}}",
      showing: try TestCA.root().leaf(), options: options)
    func answer(_ status: String) {
      scene.server.setBehaviour(
        .answer(Array("HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)))
    }
    answer("200 OK")
    try await scene.site.run { daemon in
      try await begin(scene, daemon)
      #expect(scene.server.clientCertificateSeen == first.certificate.derBytes, "with the delivered certificate")
      answer("401 Unauthorized")
      try await scene.drop(second, daemon)
      try await scene.live(daemon, for: 62)
      #expect(scene.server.clientCertificateSeen == first.certificate.derBytes)
      #expect(try await daemon.currentNumber("sender") == 1)
      #expect(scene.site.recorder.takeNames() == [.keyAccepted, .keystoreWritten, .keystoreRolledBack])
      try await scene.live(daemon, for: 62)
      #expect(try await daemon.currentNumber("sender") == 1, "no ping-pong")
      let told = scene.site.recorder.take()
      #expect(told.map(\.event) == [.keystoreUnconfirmed])
      #expect(told.first?.fields[.culprit] == Culprit.platform.rawValue)
      #expect(try await scene.confirmation(daemon)?.obstacle == GenerationConfirmation.Origin.broughtBack.obstacle)
      try await scene.live(daemon, for: 200)
      #expect(scene.site.recorder.takeNames().isEmpty, "that it lasts is no news")
      answer("200 OK")
      try await scene.live(daemon, for: 600)
      #expect(scene.site.recorder.takeNames() == [.keystoreConfirmed])
      #expect(scene.hookRuns == [1, 2, 1])
    }
  }

  @Test func `an outage undoes nothing, is told once, and ends by itself`() async throws {
    var options = TLSServerOptions()
    options.clientCertificate = .requested
    let scene = try ConfirmationScene(
      "{patience: 1m, identity: {request: \"https://localhost:PORT/ping\"}}", showing: try TestCA.root().leaf(),
      options: options)
    let answer = TLSServerBehaviour.answer(Array("HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n".utf8))
    scene.server.setBehaviour(answer)
    try await scene.site.run { daemon in
      try await begin(scene, daemon)
      scene.server.setBehaviour(.resetAtAccept)
      try await scene.drop(second, daemon)
      try await scene.live(daemon, for: 300)
      let told = scene.site.recorder.take()
      #expect(told.map(\.event) == [.keyAccepted, .keystoreWritten, .keystoreUnconfirmed])
      #expect(told.last?.message.contains("says nothing against it") == true)
      #expect(try await daemon.currentNumber("sender") == 2)
      #expect(try await scene.confirmation(daemon)?.obstacle == "")
    }
    try await scene.site.run { daemon in
      _ = scene.site.recorder.take()
      scene.site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(scene.site.recorder.takeNames().isEmpty, "a restart does not tell it again")
      scene.server.setBehaviour(answer)
      scene.site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(scene.site.recorder.takeNames() == [.keystoreConfirmed])
      #expect(scene.hookRuns == [1, 2])
    }
  }

  @Test func `a reload and a renewal by hand try what is not confirmed at once`() async throws {
    var options = TLSServerOptions()
    options.clientCertificate = .requested
    let scene = try ConfirmationScene(
      "{patience: 1m, identity: {request: \"https://localhost:PORT/ping\"}}", showing: try TestCA.root().leaf(),
      options: options)
    let answer = TLSServerBehaviour.answer(Array("HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n".utf8))
    scene.server.setBehaviour(.resetAtAccept)
    try await scene.site.run { daemon in
      let trials = { try await scene.confirmation(daemon)?.attempts }
      try await scene.drop(first, daemon)
      try await scene.live(daemon, for: 120)
      #expect(try await scene.confirmation(daemon)?.obstacle == "")
      let before = try #require(try await trials())
      try await daemon.settle()
      #expect(try await trials() == before, "nothing is due")
      _ = try await daemon.services.keeper.reload()
      try await daemon.settle()
      #expect(try await trials() == before + 1)
      _ = scene.site.recorder.take()
      scene.server.setBehaviour(answer)
      let configuration = await daemon.context.landscape.configuration
      let works = ConfirmationPlanner.unconfirmed(configuration, await daemon.context.landscape.inventory)
      await daemon.context.landscape.request(works, because: "an operator asked for it")
      try await daemon.settle()
      #expect(scene.site.recorder.takeNames() == [.keystoreConfirmed])
      let left = ConfirmationPlanner.unconfirmed(configuration, await daemon.context.landscape.inventory)
      #expect(left.isEmpty)
    }
  }

  @Test func `a restart in the middle goes on with the patience that is left`() async throws {
    let scene = try ConfirmationScene(Self.served, showing: first)
    try await scene.site.run { daemon in
      try await begin(scene, daemon)
      try await scene.drop(second, daemon)
      try await scene.live(daemon, for: 70)
    }
    try await scene.site.run { daemon in
      try await scene.live(daemon, for: 45)
      #expect(try await daemon.currentNumber("sender") == 2)
      try await scene.live(daemon, for: 6)
      #expect(try await daemon.currentNumber("sender") == 1)
      #expect(scene.hookRuns == [1, 2, 1])
    }
  }

  @Test func `the first files have nothing to make room for`() async throws {
    let scene = try ConfirmationScene(Self.served, showing: third)
    try await scene.site.run { daemon in
      try await scene.drop(first, daemon)
      try await scene.live(daemon, for: 125)
      #expect(try await daemon.currentNumber("sender") == 1)
      let told = scene.site.recorder.take(.keystoreUnconfirmed)
      #expect(
        told.count == 1
          && told.first?.fields[.reason]?.hasSuffix("there is no generation before it that worked") == true)
      let status = StatusReader.read(
        await daemon.context.landscape.configuration, await daemon.context.landscape.inventory,
        now: scene.site.clock.now())
      #expect(status.subjects.last?.state == .failing)
    }
  }

  @Test func `an identity that has ended, or files that are damaged, do not come back`() async throws {
    let scene = try ConfirmationScene(Self.served, showing: first)
    try await scene.site.run { daemon in
      try await begin(scene, daemon)
      scene.site.clock.advance(by: .days(91))
      try await scene.drop(second, daemon)
      try await scene.live(daemon, for: 125)
      #expect(try await daemon.currentNumber("sender") == 2)
      #expect(try await scene.confirmation(daemon)?.obstacle?.contains("the identity of generation 1") == true)
      try scene.server.setIdentity(try second.served)
      try await scene.live(daemon, for: 200)
      #expect(try await scene.confirmation(daemon)?.isConfirmed == true)
      try await scene.drop(third, daemon)
      try await scene.live(daemon, for: 60)
      try scene.site.folder.write("state/keystores/sender/generations/000002/cert.pem", bytes: [0])
      _ = scene.site.recorder.take()
      try await scene.live(daemon, for: 65)
      #expect(try await daemon.currentNumber("sender") == 3)
      #expect(try await scene.confirmation(daemon)?.obstacle?.contains("cannot come back") == true)
      #expect(scene.site.recorder.takeNames() == [.keystoreUnconfirmed])
      #expect(try daemon.store("sender").damage(of: 3).isEmpty)
    }
  }

  @Test func `what an operator puts in force is tried and stays`() async throws {
    let scene = try ConfirmationScene(Self.served, showing: first)
    try await scene.site.run { daemon in
      try await begin(scene, daemon)
      try await scene.drop(second, daemon)
      try await scene.live(daemon, for: 125)
      #expect(try await daemon.currentNumber("sender") == 1)
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "sender"))
      let shelf = GenerationShelf(layout: daemon.context.layout, files: HostFiles())
      _ = try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: 2)
      try await daemon.services.keeper.rereadLedger()
      _ = scene.site.recorder.take()
      try await scene.live(daemon, for: 125)
      #expect(try await daemon.currentNumber("sender") == 2)
      #expect(try await scene.confirmation(daemon)?.obstacle == GenerationConfirmation.Origin.byHand.obstacle)
      #expect(scene.site.recorder.takeNames() == [.keystoreUnconfirmed])
    }
  }

  @Test func `what was in force before anything had to be confirmed is tried and stays`() async throws {
    let scene = try ConfirmationScene(Self.served, showing: third)
    let yaml = try HostFiles().readFile(scene.site.configuration, limit: 1 << 16)
    let text = String(decoding: yaml, as: UTF8.self)
    try scene.site.configure(text.split(separator: "\n").filter { !$0.contains("confirm:") }.joined(separator: "\n"))
    try await scene.site.run { daemon in
      try await scene.drop(first, daemon)
      try await daemon.settle()
      try await scene.drop(second, daemon)
      try await daemon.settle()
      #expect(try await daemon.currentNumber("sender") == 2)
      #expect(try await daemon.context.ledger.confirmation(of: "sender") == nil)
      try scene.site.configure(text)
      try await daemon.services.keeper.reload()
      try await scene.live(daemon, for: 125)
      #expect(try await daemon.currentNumber("sender") == 2)
      #expect(try await scene.confirmation(daemon)?.obstacle == GenerationConfirmation.Origin.found.obstacle)
      // What follows is new, and finds nothing better to come back to.
      try await scene.drop(third, daemon)
      try scene.server.setIdentity(try first.served)
      try await scene.live(daemon, for: 125)
      #expect(try await daemon.currentNumber("sender") == 3)
      #expect(try await scene.confirmation(daemon)?.obstacle?.contains("was refused, too") == true)
    }
  }
}
