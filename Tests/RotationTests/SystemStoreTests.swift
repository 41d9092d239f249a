// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTransport
import Host
import Journal
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Anchors change on disk while the daemon runs, such as when the distribution's CA certificates are updated.
struct SystemStoreTests {
  private let site: Site
  private let one: Authority
  private let two: Authority
  private let server: TLSServer

  init() throws {
    site = try Site()
    one = try Authority.one.get()
    two = try Authority.two.get()
    server = try TLSServer(identity: try one.leaf().served)
    try site.folder.write("store.pem", [one.root.certificate].pem)
  }

  private var store: FilePath { site.folder.file("store.pem") }

  private func configure(anchors: String) throws {
    try site.configure(
      """
      endpoints:
        shop:
          url: https://localhost:\(server.port)
          connect-to: 127.0.0.1:\(server.port)
          anchors: \(anchors)
          timeout: 5m
          proxy: none
      """)
  }

  /// OpenSSL heeds the variable by itself, libcurl does not.
  @Test(arguments: [true, false])
  func `the file that the environment names is the store for platforms, too`(isNamed: Bool) async throws {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    // libcurl goes by the clock of the host.
    let root = try TestCA.root()
    try site.folder.write("store.pem", [root.certificate].pem)
    let platform = try TLSServer(identity: try root.leaf().served, behaviour: .answer(Array(answer.utf8)))
    let system = SystemTrustStore(environment: isNamed ? ["SSL_CERT_FILE": store.string] : [:])
    let client = try system.httpClient(connections: 1)
    let request = HTTPRequest(url: "https://localhost:\(platform.port)/", deadline: .seconds(300))
    do throws(HTTPFailure) {
      #expect(try await client.send(request).status == 200 && isNamed)
    } catch {
      guard case .untrusted = error, !isNamed else { throw error }
    }
  }

  @Test func `a change of the system's store is seen at once`() async throws {
    try configure(anchors: "system")
    try await site.run(systemStore: store) { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied])
      try site.folder.write("store.pem", [two.root.certificate].pem)
      try await daemon.services.refresher.changed(store)
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.endpointUntrusted])
      try site.folder.write("store.pem", [one.root.certificate].pem)
      try await daemon.services.refresher.changed(store)
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.endpointRecovered])
    }
  }

  @Test(arguments: ["system", "bundle"])
  func `a change that nobody told of is seen after the next refresh`(anchors: String) async throws {
    try configure(anchors: anchors == "system" ? anchors : "{bundle: \(store)}")
    try await site.run(systemStore: store) { daemon in
      try await daemon.settle()
      _ = site.recorder.take()
      try site.folder.write("store.pem", [two.root.certificate].pem)
      try await daemon.refresh()
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.endpointUntrusted])
    }
  }
}
