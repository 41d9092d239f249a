// SPDX-License-Identifier: Apache-2.0

import Certificates
import Journal
import TestSupport
import Testing

@testable import Rotation

/// Servers that leave an issuer out which another server sends.
struct SeenIssuerTests {
  @Test func `an issuer that one server sends completes the chain of another`() async throws {
    let site = try Site()
    let authority = try Authority.one.get()
    let whole = try TLSServer(identity: try authority.leaf().served)
    let bare = try TLSServer(identity: TLSServerIdentity(try authority.leaf(), sending: []))
    try site.folder.write("roots.pem", [authority.root.certificate].pem)
    func endpoint(_ name: String, _ server: TLSServer) -> String {
      """
        \(name):
          url: https://localhost:\(server.port)
          connect-to: 127.0.0.1:\(server.port)
          anchors: {bundle: \(site.folder.file("roots.pem"))}
          timeout: 5m
          proxy: none

      """
    }
    try site.configure("endpoints:\n" + endpoint("bare", bare))
    #expect(try await site.settle().contains(.endpointUntrusted), "nobody has sent the issuer yet")

    try site.configure("endpoints:\n" + endpoint("bare", bare) + endpoint("whole", whole))
    try await site.settle()
    site.clock.advance(by: .days(1))
    #expect(try await site.settle().contains(.endpointRecovered))
  }
}
