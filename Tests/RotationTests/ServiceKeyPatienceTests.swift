// SPDX-License-Identifier: Apache-2.0

import Certificates
import HTTPTransport
import Host
import Journal
import Planning
import Settings
import TestSupport
import Testing

@testable import Rotation

/// A key is dropped in while the platform that it is tried with is away, or does not know it yet.
struct ServiceKeyPatienceTests {
  private let site: Site
  private let authority: Authority
  private let platform: TLSServer

  init() throws {
    authority = try Authority.one.get()
    // libcurl goes by the clock of the host.
    let root = try TestCA.root()
    site = try Site(reach: PlatformReach(trust: .certificates(Array(PEMBlock(root.certificate).text.utf8))))
    platform = try TLSServer(identity: try root.leaf().served, behaviour: Self.answer("401 Unauthorized"))
    try site.folder.write("roots.pem", [authority.root.certificate].pem)
    try site.folder.write("sender.json", bytes: authority.leaf().serviceKeyJSON().utf8)
    try configure()
  }

  private func configure(more: String = "") throws {
    try site.configure(
      """
      service-keys:
        sender:
          from: {file: \(site.folder.file("sender.json"))}
          verify: {request: "https://localhost:\(platform.port)/", method: GET}
          proxy: none
          \(more)
      keystores:
        client:
          identity: {service-key: sender}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pem: {certificate: cert.pem, key: key.pem}}]
      """)
  }

  private static func answer(_ status: String) -> TLSServerBehaviour {
    .answer(Array("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n".utf8))
  }

  private func status(_ daemon: RunningSite) async throws -> SubjectStatus {
    let landscape = daemon.context.landscape
    let status = StatusReader.read(await landscape.configuration, await landscape.inventory, now: site.clock.now())
    return try #require(status.subjects.first)
  }

  @Test(arguments: [true, false])
  func `nobody is told before verify-patience is over`(isAway: Bool) async throws {
    if isAway { platform.stop() }
    let lines = LogLines()
    try await site.run(logger: lines.logger) { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied])
      #expect(lines.take().contains("is not in force yet, and tried again at"))
      let waiting = try await status(daemon)
      #expect(waiting.state == .waiting && waiting.reason.hasPrefix("the new key is tried again: "), "\(waiting)")
      let landscape = daemon.context.landscape
      let all = StatusReader.read(await landscape.configuration, await landscape.inventory, now: site.clock.now())
      #expect(all.happensNext?.subject == .serviceKey("sender"))
      site.clock.advance(by: .minutes(5))
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty)
    }
    try await site.run { daemon in
      #expect(try await status(daemon).state == .waiting, "a restart changes nothing")
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied])
      site.clock.advance(by: .minutes(10))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keyRejected])
      #expect(try await status(daemon).state == .failing)
      site.clock.advance(by: .minutes(60))
      try await daemon.settle()
      #expect(site.recorder.takeNames().isEmpty, "once is enough")
    }
  }

  @Test func `a key that is accepted within the patience is simply accepted`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      platform.setBehaviour(Self.answer("200 OK"))
      site.clock.advance(by: .minutes(5))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied, .keyAccepted, .keystoreWritten])
      #expect(try await status(daemon).state == .ok)
    }
  }

  @Test func `another reason is told too, and each of them once`() async throws {
    try configure(more: "verify-patience: 0s")
    platform.setBehaviour(Self.answer("503 Service Unavailable"))
    try await site.run { daemon in
      try await daemon.settle()
      let first = try #require(site.recorder.take(.keyRejected).last)
      for (answer, isNew) in [
        ("401 Unauthorized", true), ("503 Service Unavailable", false), ("401 Unauthorized", false),
      ] {
        platform.setBehaviour(Self.answer(answer))
        site.clock.advance(by: .minutes(60))
        try await daemon.settle()
        let told = site.recorder.take()
        #expect(told.map(\.event) == (isNew ? [.keyRejected] : []), "\(answer): \(told)")
        #expect(told.first?.fields[.reason] != first.fields[.reason])
      }
    }
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied], "nor after a restart")
      platform.setBehaviour(Self.answer("200 OK"))
      site.clock.advance(by: .minutes(60))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keyAccepted, .keyRecovered, .keystoreWritten])
    }
  }

  @Test func `without patience it is told at once`() async throws {
    try configure(more: "verify-patience: 0s")
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.started, .configurationApplied, .keyRejected])
      platform.setBehaviour(Self.answer("200 OK"))
      site.clock.advance(by: .minutes(5))
      try await daemon.settle()
      #expect(site.recorder.takeNames() == [.keyAccepted, .keyRecovered, .keystoreWritten])
    }
  }
}
