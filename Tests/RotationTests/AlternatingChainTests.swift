// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import TestSupport
import Testing

@testable import Rotation

/// An endpoint whose chain changes from look to look, as behind a load balancer.
struct AlternatingChainTests {
  private let site: Site
  private let one: Authority
  private let two: Authority
  private let first: TLSServerIdentity
  private let second: TLSServerIdentity
  private let server: TLSServer

  init() throws {
    site = try Site()
    one = try Authority.one.get()
    two = try Authority.two.get()
    first = try one.leaf().served
    second = try two.leaf().served
    server = try TLSServer(identity: first)
    try site.folder.write("roots.pem", [one.root.certificate, two.root.certificate].pem)
    try site.configure(
      """
      endpoints:
        shop:
          url: https://localhost:\(server.port)
          connect-to: 127.0.0.1:\(server.port)
          anchors: {bundle: \(site.folder.file("roots.pem"))}
          timeout: 5m
          proxy: none
      keystores:
        client:
          trust: {endpoints: [shop]}
          overlap: 10d
          files: [{pse: {path: client.pse}}]
      """)
  }

  /// Looks again after `days`, when the server sends `identity`; nil when it sends nothing.
  private func look(_ daemon: RunningSite, _ identity: TLSServerIdentity?, after days: Int) async throws {
    if let identity { try server.setIdentity(identity) }
    server.setBehaviour(identity == nil ? .closeAtAccept : .serve)
    site.clock.advance(by: .days(days))
    try await daemon.settle()
  }

  @Test func `each chain is told and enters the trust list once`() async throws {
    let both = Set(one.issuing.path + two.issuing.path)
    try await site.run { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try await look(daemon, second, after: 1)
      #expect(site.recorder.takeNames() == [.endpointChainChanged, .keystoreWritten])
      for _ in 1...4 {
        try await look(daemon, first, after: 4)
        try await look(daemon, second, after: 4)
      }
      #expect(site.recorder.takeNames().isEmpty, "each was seen within the overlap")
      #expect(try await daemon.currentNumber("client") == 2)
      #expect(try Set(daemon.read("client", "client.pse").trust) == both)
    }
    try await site.run { daemon in
      try await look(daemon, first, after: 4)
      #expect(site.recorder.takeNames() == [.started, .configurationApplied])
      #expect(try await daemon.currentNumber("client") == 2)
    }
  }

  @Test func `without an overlap too, files are not rewritten at each turn`() async throws {
    try site.configure(
      """
      endpoints:
        shop:
          url: https://localhost:\(server.port)
          connect-to: 127.0.0.1:\(server.port)
          anchors: {bundle: \(site.folder.file("roots.pem"))}
          timeout: 5m
          refetch-every: 20h
          proxy: none
      keystores:
        client: {trust: {endpoints: [shop]}, overlap: 0d, files: [{pse: {path: client.pse}}]}
      """)
    let both = Set(one.issuing.path + two.issuing.path)
    try await site.run { daemon in
      try await daemon.settle()
      for _ in 1...3 {
        try await look(daemon, second, after: 1)
        #expect(try Set(daemon.read("client", "client.pse").trust) == both)
        try await look(daemon, first, after: 1)
      }
      #expect(try await daemon.currentNumber("client") == 2)
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == 2, "a restart knows of it")
      for _ in 1...4 { try await look(daemon, first, after: 1) }
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(one.issuing.path), "what comes no more leaves")
    }
  }

  @Test func `a chain that comes back after the overlap is news`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try await look(daemon, second, after: 1)
      try await look(daemon, second, after: 11)
      #expect(try await daemon.currentNumber("client") == 3)
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(two.issuing.path))
      _ = site.recorder.take()
      try await look(daemon, first, after: 1)
      #expect(site.recorder.takeNames() == [.endpointChainChanged, .keystoreWritten])
    }
  }

  @Test func `a chain that changes during an outage is told after it`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try await look(daemon, nil, after: 1)
      _ = site.recorder.take()
      try await look(daemon, second, after: 1)
      #expect(site.recorder.takeNames() == [.endpointChainChanged, .keystoreWritten])
    }
  }
}
