// SPDX-License-Identifier: Apache-2.0

import Certificates
import ChainFetch
import FoundationEssentials
import Host
import Synchronization

/// All TLS servers of the world; the name of an endpoint says which one is meant.
final class SimulatedServers: ChainSource {
  private let lives: [ServerLife]
  private let outages: [Spans]
  private let network: Spans
  private let authorities: Authorities
  private let clock: SimulatedClock
  /// What each server presents now.
  private let presented: Mutex<[Int: (era: Int, chain: Chain)]>
  private let probes = Atomic<Int>(0)

  init(_ scenario: Scenario, _ authorities: Authorities, network: Spans, clock: SimulatedClock) {
    lives = (0..<scenario.endpoints).map { ServerLife(scenario, $0) }
    outages = (0..<scenario.endpoints).map { number in
      var chance = Chance(scenario, "server outage", number)
      return Spans(scenario, &chance, perYear: 0.5, length: hour...(21 * day))
    }
    self.authorities = authorities
    self.network = network
    self.clock = clock
    presented = Mutex([:])
  }

  func probe(_ target: ProbeTarget) async -> ProbeResult {
    probes.add(1, ordering: .relaxed)
    let server = HostPort(host: target.host, port: target.port)
    let number = Self.number(of: target.host)
    guard isReachable(number, at: clock.now()) else {
      let failure = ProbeFailure(
        kind: .timedOut(.connect, after: target.deadlines.connect), phase: .connect, server: server)
      return ProbeResult(answers: [], failure: failure)
    }
    do {
      return ProbeResult(
        answers: [
          AddressAnswer(
            address: "192.0.2.1:443", chain: try chain(of: number), failure: nil, protocolVersion: "TLSv1.3",
            timings: ProbeTimings())
        ], failure: nil)
    } catch {
      let failure = ProbeFailure(kind: .local("\(error)"), phase: .handshake, server: server)
      return ProbeResult(answers: [], failure: failure)
    }
  }

  func heartbeat() async -> Bool { true }
  func shutDown() {}

  /// How often servers were asked.
  var probeCount: Int { probes.load(ordering: .relaxed) }

  func isReachable(_ number: Int, at time: Date) -> Bool {
    outages[number].span(at: time) == nil && network.span(at: time) == nil
  }

  /// The root that a client of this server needs at `time`.
  func root(of number: Int, at time: Date) -> Certificate {
    let life = lives[number]
    return authorities.roots[life.eras[life.era(at: time)].authority]
  }

  /// When servers change to another root, in the order of time.
  var moves: [(at: Date, server: Int)] {
    lives.enumerated().flatMap { number, life in
      zip(life.eras, life.eras.dropFirst()).filter { $0.authority != $1.authority }.map { ($1.from, number) }
    }.sorted { $0.0 < $1.0 }
  }

  /// The name by which a server is reached.
  static func host(of number: Int) -> String { "server-\(number).example" }

  private static func number(of host: String) -> Int {
    host.split(separator: ".").first?.split(separator: "-").last.flatMap { Int($0) } ?? 0
  }

  private func chain(of number: Int) throws -> Chain {
    let life = lives[number]
    let era = life.era(at: clock.now())
    if let (known, chain) = presented.withLock({ $0[number] }), known == era { return chain }
    let wanted = life.eras[era]
    let made = try authorities.issue(
      Self.host(of: number), isServer: true, by: wanted.authority, from: wanted.notBefore, to: wanted.notAfter)
    guard let chain = Chain([made.certificate, made.issuer.certificate]) else { preconditionFailure("two are some") }
    presented.withLock { $0[number] = (era, chain) }
    return chain
  }
}
