// SPDX-License-Identifier: Apache-2.0

import Certificates
import TestSupport
import Testing

@testable import ChainFetch

/// Many probes at once: the limits, and that nobody gets lost.
@Suite struct ManyProbesTests {
  private let fixture: ServerFixture

  init() throws { fixture = try ServerFixture.shared.get() }

  @Test(arguments: [(1, 200), (2, 2000)]) func accountsForEveryProbe(loops: Int, probes: Int) async throws {
    let good = try TLSServer(identity: TLSServerIdentity(fixture.leaf), addresses: ["127.0.0.1", "127.0.0.2"])
    let bad = try TLSServer(identity: TLSServerIdentity(fixture.leaf), behaviour: .resetAfterClientHello)
    let plain = try TLSServer(identity: TLSServerIdentity(fixture.leaf), behaviour: .plainHTTP)
    let counts = try await withFetcher(concurrency: 64, perHost: 48, loops: loops) { fetcher in
      await withTaskGroup(of: String.self) { group in
        for index in 0..<probes {
          let server = index % 10 == 8 ? bad : index % 10 == 9 ? plain : good
          let host = index % 2 == 0 || server.port != good.port ? "127.0.0.1" : "127.0.0.2"
          let target = ProbeTarget(
            endpoint: "\(index)", host: host, port: server.port,
            deadlines: .patient)
          group.addTask {
            let result = await fetcher.probe(target)
            return result.failure?.code ?? (result.chain == nil ? "nothing" : "chain")
          }
        }
        return await group.reduce(into: [:] as [String: Int]) { $0[$1, default: 0] += 1 }
      }
    }
    #expect(counts == ["chain": probes / 10 * 8, "reset.handshake": probes / 10, "not-tls": probes / 10])
    #expect(good.acceptedConnections == probes / 10 * 8)
  }

  @Test func keepsTheLimitForAll() async throws {
    let server = try TLSServer(
      identity: TLSServerIdentity(fixture.leaf), behaviour: .serveWhenReleased,
      addresses: ["127.0.0.1", "127.0.0.2", "127.0.0.3"])
    try await withFetcher(concurrency: 8, perHost: 4, loops: 2) { fetcher in
      await withTaskGroup(of: ProbeFailure?.self) { group in
        for index in 0..<60 {
          let target = ProbeTarget(
            endpoint: "e", host: "127.0.0.\(index % 3 + 1)", port: server.port, deadlines: .patient)
          group.addTask { await fetcher.probe(target).failure }
        }
        await server.acceptedConnections(reach: 8)
        // A round trip through the loops: whatever else they were about to connect, they have.
        #expect(await fetcher.heartbeat())
        #expect(server.acceptedConnections == 8)
        server.release()
        for await failure in group { #expect(failure == nil) }
      }
    }
    #expect(server.acceptedConnections == 60)
  }

  @Test func keepsTheLimitPerHost() async throws {
    let server = try TLSServer(
      identity: TLSServerIdentity(fixture.leaf), behaviour: .serveWhenReleased,
      addresses: ["127.0.0.1", "127.0.0.2"])
    try await withFetcher(concurrency: 100, perHost: 3, loops: 2) { fetcher in
      await withTaskGroup(of: ProbeFailure?.self) { group in
        for index in 0..<20 {
          let target = ProbeTarget(
            endpoint: "e", host: index < 19 ? "127.0.0.1" : "127.0.0.2", port: server.port, deadlines: .patient)
          group.addTask { await fetcher.probe(target).failure }
        }
        await server.acceptedConnections(reach: 4)
        #expect(await fetcher.heartbeat())
        #expect(server.acceptedConnections == 4)
        server.release()
        for await failure in group { #expect(failure == nil) }
      }
    }
  }

  @Test func asksEveryAddressAndTellsThemApart() async throws {
    let other = try fixture.issuing.leaf()
    let addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    let server = try TLSServer(identity: TLSServerIdentity(fixture.leaf), addresses: addresses)
    var target = ProbeTarget(endpoint: "e", host: "many.example", port: server.port, deadlines: .patient)
    target.everyAddress = true
    let lookup = fixedLookup(["many.example": addresses])
    try await withFetcher(perHost: 2, lookup: lookup) { [target] fetcher in
      let agreed = await fetcher.probe(target)
      let all = addresses.map { "\($0):\(server.port)" }
      #expect(agreed.answers.map(\.address) == all)
      #expect(!agreed.disagreement)
      #expect(agreed.failure == nil)
      try server.setIdentity(TLSServerIdentity(other), address: "127.0.0.2")
      let split = await fetcher.probe(target)
      #expect(split.disagreement)
      #expect(split.chain?.leaf == fixture.leaf.certificate)
      #expect(split.answers.map(\.chain?.leaf) == [fixture.leaf, other, fixture.leaf].map(\.certificate))
    }
  }

  @Test func boundsTheAddressesOfOneName() async throws {
    let addresses = (1...20).map { "127.0.1.\($0)" }
    let server = try TLSServer(identity: TLSServerIdentity(fixture.leaf), addresses: addresses)
    var target = ProbeTarget(endpoint: "e", host: "many.example", port: server.port, deadlines: .patient)
    target.everyAddress = true
    let result = try await withFetcher(lookup: fixedLookup(["many.example": addresses])) { [target] in
      await $0.probe(target)
    }
    #expect(result.answers.count == 16)
    #expect(result.addressesLeftOut == 4)
  }

  @Test func goesOnToTheNextAddressOfAName() async throws {
    // Nothing listens at the first.
    let server = try TLSServer(identity: TLSServerIdentity(fixture.leaf), addresses: ["127.0.0.2"])
    let target = ProbeTarget(endpoint: "e", host: "two.example", port: server.port, deadlines: .patient)
    let result = try await withFetcher(lookup: fixedLookup(["two.example": ["127.0.0.9", "127.0.0.2"]])) {
      await $0.probe(target)
    }
    #expect(result.failure == nil)
    #expect(result.answers.first?.address == "127.0.0.2:\(server.port)")
  }
}
