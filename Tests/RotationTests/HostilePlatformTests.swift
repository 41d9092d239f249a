// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import HTTPTransport
import Journal
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A platform whose answers are made to exhaust whoever reads them, met by a renewal.
///
/// Beside it the daemon has another service key, whose platform is in order, and an endpoint.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct HostilePlatformTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    var fault: String
    var route: String
    /// What an operator reads of it.
    var words: String

    var testDescription: String { "\(fault) at \(route)" }
  }

  static let attacks = [
    Attack(fault: "endless", route: "cf.keys.list", words: "larger than 8388608 bytes"),
    Attack(fault: "endless", route: "cf.keys.details", words: "larger than 8388608 bytes"),
    Attack(fault: "endless", route: "uaa.token", words: "larger than 8388608 bytes"),
    Attack(fault: "too-deep", route: "cf.keys.list", words: "nested more than"),
    Attack(fault: "too-deep", route: "cf.keys.details", words: "nested more than"),
    Attack(fault: "too-deep", route: "uaa.token", words: "nested more than"),
  ]

  private func leaf(_ keystore: String, _ daemon: RunningSite) throws -> Certificate {
    let path = daemon.context.layout.keystore(keystore).appending("current").appending("cert.pem")
    let pem = try Data(contentsOf: URL(filePath: path.string))
    return try #require(try PEMReader.certificates(in: Array(pem)).first)
  }

  private func configure(_ platform: PlatformSite, shop: TLSServer) throws {
    let facts = platform.simulator.facts
    let folder = platform.site.folder
    try folder.write("anchors.pem", try Authority.one.get().issuing.path.pem)
    let user = "name: \(facts.user.name), password-credential: \(folder.file("password")), origin: \(facts.user.origin)"
    func keystore(_ name: String) -> String {
      "\(name): {identity: {service-key: \(name)}, files: [{pem: {certificate: cert.pem, key: key.pem}}]}"
    }
    try platform.site.configure(
      """
      defaults: {refetch-every: 6h, proxy: none}
      endpoints:
        shop:
          url: https://localhost:\(shop.port)
          connect-to: 127.0.0.1:\(shop.port)
          anchors: {bundle: \(folder.file("anchors.pem"))}
      service-keys:
        struck:
          from:
            cloud-foundry:
              api: "\(facts.urls["cloud_foundry", default: ""])"
              login: {user: {\(user)}}
              service-instance: it-rt-cf
              preset: cloud-integration
              validity: 30d
        other:
          from:
            service-manager:
              binding-file: \(folder.file("manager"))
              service-instance: xsuaa-sm
              preset: xsuaa
              validity: 30d
      keystores:
        \(keystore("struck"))
        \(keystore("other"))
        trust: {trust: {endpoints: [shop]}, files: [{pse: {path: trust.pse}}]}
      """)
  }

  /// How many bytes of bodies without an end were taken before the daemon hung up, at most.
  private func mostTaken(_ platform: PlatformSite) async throws -> (bodies: Int, bytes: Int) {
    struct Body: Decodable { var bytes: Int }
    struct Books: Decodable { var endlessBodies: [Body] }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let books = try decoder.decode(Books.self, from: await platform.control(.get, "/books?only=endless_bodies"))
    return (books.endlessBodies.count, books.endlessBodies.map(\.bytes).max() ?? 0)
  }

  @Test(arguments: attacks)
  func `an answer made to exhaust fails one renewal, names the platform, and harms nothing else`(
    attack: Attack
  ) async throws {
    let server = try TLSServer(identity: try Authority.one.get().leaf(days: 800).served)
    try await PlatformSite.run { platform in
      try configure(platform, shop: server)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let (struck, other) = (try leaf("struck", daemon), try leaf("other", daemon))
        _ = platform.site.recorder.take()
        // Both are due, which a third of their lives before the end is.
        try await platform.setClocks(aTime + 20.5 * day)
        try await platform.fault(attack.fault, attack.route, times: -1)
        try await platform.live(daemon, until: aTime + 20.5 * day + 3600)

        let told = platform.site.recorder.take()
        let failing = told.filter { $0.event == .keyRenewalFailing }
        #expect(failing.map { $0.fields[.serviceKey] } == ["struck"], "\(told.map(\.message))")
        #expect(failing.first?.fields[.culprit] == Culprit.platform.rawValue)
        #expect(failing.first?.message.contains(attack.words) == true, "\(failing.map(\.message))")
        #expect(try leaf("struck", daemon) == struck, "what is in force stays")
        #expect(try leaf("other", daemon) != other, "the other one is renewed")
        let renewed = told.filter { $0.event == .keyRenewed }.map { $0.fields[.serviceKey] }
        #expect(renewed == ["other"])
        let shop = try #require(await daemon.context.landscape.inventory.endpoints["shop"])
        let looked = try #require(shop.schedule.lastSuccess)
        #expect(shop.schedule.failures == 0 && looked >= aTime + 20.5 * day)
        // What is on its way when the daemon hangs up lies in the sockets of both sides.
        let taken = try await mostTaken(platform)
        #expect(taken.bytes < 3 * (8 << 20), "\(taken)")
        #expect((taken.bodies > 0) == (attack.fault == "endless"))

        try await platform.control(.delete, "/faults")
        try await platform.live(daemon, until: aTime + 27 * day)
        #expect(try leaf("struck", daemon) != struck, "renewed once the platform is itself again")
        let keys = try await platform.ours().filter(\.exists)
        #expect(keys.count == 2 && Set(keys.map(\.instance)).count == 2, "one of each is left: \(keys)")
      }
    }
  }
}
