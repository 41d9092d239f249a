// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import TestSupport
import Testing

@testable import ChainFetch

/// Peers that waste time, and callers that do not want to wait.
@Suite struct DeadlineTests {
  private let fixture: ServerFixture

  init() throws { fixture = try ServerFixture.shared.get() }

  private func server(_ behaviour: TLSServerBehaviour) throws -> TLSServer {
    try TLSServer(identity: TLSServerIdentity(fixture.leaf), behaviour: behaviour)
  }

  @Test func endsTheWaitForASilentServer() async throws {
    let server = try server(.silent)
    let target = ProbeTarget(server, deadlines: .patient.with(\.handshake, .milliseconds(50)))
    let failure = try #require(try await withFetcher { await $0.probe(target) }.failure)
    #expect(failure.kind == .timedOut(.handshake, after: .milliseconds(50)))
    #expect(failure.culprit == .server)
  }

  @Test func endsADripByTheWholeDeadline() async throws {
    let server = try server(.drip(interval: .milliseconds(5)))
    let target = ProbeTarget(
      server, deadlines: .patient.with(\.whole, .milliseconds(500)))
    let failure = try #require(try await withFetcher { await $0.probe(target) }.failure)
    #expect(failure.code == "timed-out.whole")
    #expect(failure.phase == .handshake)
    #expect(failure.description.contains("during the TLS handshake"))
  }

  @Test func leavesASlowServerItsTime() async throws {
    let server = try server(.drip(interval: .zero))
    #expect(try await withFetcher { await $0.probe(ProbeTarget(server)) }.failure == nil)
  }

  @Test func tellsARefusalFromASilence() async throws {
    let closed = try ClosedPort()
    let target = ProbeTarget(endpoint: "e", host: "127.0.0.1", port: closed.port, deadlines: .patient)
    let failure = try #require(try await withFetcher { await $0.probe(target) }.failure)
    #expect(failure.kind == .refused)
    #expect(failure.phase == .connect)
    #expect(failure.description.contains("refused"))
  }

  @Test func endsALookupThatHangs() async throws {
    let gate = Gate()
    defer { gate.open() }
    try await withFetcher(
      lookupThreads: 2,
      lookup: { name in
        if name.host != "good.example" { gate.wait() }
        return .failure(.unknownName)
      }
    ) { fetcher in
      func probe(_ host: String, _ deadline: Duration = .seconds(300)) async -> ProbeFailure? {
        let deadlines = ProbeDeadlines.patient.with(\.lookup, deadline)
        return await fetcher.probe(ProbeTarget(endpoint: "e", host: host, deadlines: deadlines)).failure
      }
      #expect(await probe("stuck.example", .seconds(1))?.code == "timed-out.lookup")
      #expect(await probe("good.example")?.code == "lookup.unknown-name")
      #expect(await probe("stuck.example", .seconds(1))?.code == "timed-out.lookup")
      // Both threads hang now: nothing more is put behind them.
      let failure = await probe("good.example")
      #expect(failure?.kind == .lookupStuck(threads: 2))
      #expect(failure?.culprit == .host)
      gate.open()
    }
  }

  @Test func addressesNeedNoLookup() async throws {
    let server = try server(.serve)
    let result = try await withFetcher(
      lookup: { name in
        Issue.record("\(name) was looked up")
        return .failure(.unknownName)
      }
    ) { await $0.probe(ProbeTarget(server)) }
    #expect(result.failure == nil)
  }

  @Test(arguments: [
    (NameLookupError.unknownName, "lookup.unknown-name", "configuration"),
    (.temporary, "lookup.temporary", "network"), (.other("broken"), "lookup.failed", "network"),
  ])
  func saysWhyALookupFailed(error: NameLookupError, code: String, culprit: String) async throws {
    let target = ProbeTarget(endpoint: "e", host: "a.example", deadlines: .patient)
    let failure = try #require(
      try await withFetcher(lookup: { _ in .failure(error) }) { await $0.probe(target) }.failure)
    #expect(failure.code == code)
    #expect(failure.culprit.rawValue == culprit)
    #expect(failure.description.hasPrefix("a.example:443: "))
  }

  @Test func theHostsOwnLookupFindsLocalhost() throws {
    let addresses = try ChainFetcher.hostLookup(HostPort(host: "localhost", port: 8)).get()
    #expect(addresses.contains { $0.host == "127.0.0.1" || $0.host == "::1" })
    #expect(addresses.allSatisfy { $0.port == 8 })
  }

  @Test func cancellingClosesTheConnectionAtOnce() async throws {
    let server = try server(.silent)
    try await withFetcher { fetcher in
      let probe = Task { await fetcher.probe(ProbeTarget(server)) }
      await server.acceptedConnections(reach: 1)
      probe.cancel()
      let failure = try #require(await probe.value.failure)
      #expect(failure.kind == .cancelled)
    }
    // The server's thread drains until the client has left: this returns only because it has.
    server.stop()
  }

  @Test func cancelledBeforeItBegan() async throws {
    let server = try server(.serve)
    try await withFetcher(concurrency: 1) { fetcher in
      let failure = await withTaskGroup(of: ProbeFailure?.self) { group in
        group.cancelAll()
        group.addTask { await fetcher.probe(ProbeTarget(server)).failure }
        return await group.next() ?? nil
      }
      #expect(failure?.kind == .cancelled)
      // Its place was given back.
      #expect(await fetcher.probe(ProbeTarget(server)).failure == nil)
    }
  }

  @Test func shuttingDownCancelsWhatRuns() async throws {
    let server = try server(.silent)
    let fetcher = try ChainFetcher()
    async let result = fetcher.probe(ProbeTarget(server))
    await server.acceptedConnections(reach: 1)
    fetcher.shutDown()
    #expect(await result.failure?.kind == .cancelled)
    #expect(await fetcher.probe(ProbeTarget(server)).failure?.kind == .cancelled)
    #expect(await fetcher.heartbeat() == false)
  }

  @Test func everyLoopAnswersTheHeartbeat() async throws {
    try await withFetcher(loops: 3) { fetcher in
      for _ in 0..<10 { #expect(await fetcher.heartbeat()) }
    }
  }
}
