// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Keystores
import Ledger
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Two roots with one name and two keys, as an authority has them while it rolls its key over.
struct KeyRolloverTests {
  private static func root() throws -> TestIdentity {
    try TestCA.root("CN=Rolling Root, O=TS, C=DE") { options in
      (options.notBefore, options.notAfter) = (aTime - 1000 * day, aTime + 3000 * day)
    }
  }

  @Test(arguments: [true, false], [true, false])
  func `both are trusted, and the path takes the right one`(
    signsWithNew: Bool, hasKeyIdentifiers: Bool
  ) async throws {
    let roots = [try Self.root(), try Self.root()]
    let signing = roots[signsWithNew ? 1 : 0]
    let leaf = try signing.leaf { options in
      (options.notBefore, options.notAfter) = (aTime - day, aTime + 90 * day)
      // Without them nothing but the signature tells the roots apart.
      options.hasKeyIdentifiers = hasKeyIdentifiers
    }
    let server = try TLSServer(identity: try leaf.served)
    let site = try Site()
    try site.folder.write("roots.pem", roots.map(\.certificate).pem)
    try site.configure(
      """
      endpoints:
        shop:
          url: https://localhost:\(server.port)
          connect-to: 127.0.0.1:\(server.port)
          anchors: {bundle: \(site.folder.file("roots.pem"))}
          proxy: none
      keystores:
        client:
          trust: {endpoints: [shop], bundles: [\(site.folder.file("roots.pem"))]}
          files:
            - pse: {path: client.pse}
            - ca-directory: {path: list}
      """)
    try await site.run { daemon in
      try await daemon.settle()
      let path = try await daemon.context.ledger.latestVerifiedPath("shop")?.path
      #expect(path?.root == signing.certificate)
      let wanted = Set(roots.map(\.certificate))
      #expect(try Set(daemon.read("client", "client.pse").trust) == wanted)
      let folder = daemon.context.layout.keystore("client").appending("current").appending("list")
      let names = try HostFiles().list(folder)
      #expect(names.count == 2)
      let listed = try names.flatMap { name in
        try PEMReader.certificates(in: HostFiles().readFile(folder.appending(name), limit: 1 << 16))
      }
      #expect(Set(listed) == wanted)
    }
  }
}
