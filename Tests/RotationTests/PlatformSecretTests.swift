// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// No secret of the platform leaves the daemon but in the key files that it delivers.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"))
struct PlatformSecretTests {
  /// Where the key comes from, and how the daemon logs in there.
  enum Way: String, CaseIterable {
    case userWithPassword = "it-rt-cf"
    case userWithCertificate = "it-rt-cf with a passcode"
    case bindingWithSecret = "xsuaa-sm"
    case bindingWithCertificate = "it-rt-sm"
  }

  @Test(arguments: Way.allCases)
  func `neither log nor ledger, folder or child has a secret in clear`(way: Way) async throws {
    let search = SecretSearch()
    try await PlatformSite.run(checkpoint: search) { platform in
      try await configure(platform, way)
      for fault in ["unauthorized", "bad-gateway", "reset-after", "not-json", "rate-limited"] {
        try await platform.fault(fault, platform.isFoundry(way) ? "cf.*" : "sm.*")
      }
      try await platform.fault("refused", "token.token")
      search.begin(platform)
      try await platform.site.run(logger: search.lines.logger) { daemon in
        try await platform.live(daemon, until: aTime + 25 * day)
      }
      try await search.search("after its end")
      let key = platform.site.layout.keystore("sender").appending("current/key.pem")
      let delivered = try Data(contentsOf: URL(filePath: key.string))
      #expect(try await search.finds("private key", in: delivered), "the search finds what is there")
      #expect(search.rounds > 20, "each step of a rotation is looked at")
      #expect(try await platform.ours().count >= 2)
      #expect(platform.hookRuns() >= 2)
      let children = try Data(contentsOf: URL(filePath: platform.site.folder.file("children").string))
      #expect(children.range(of: Data("CERTROTD_KEYSTORE=sender".utf8)) != nil, "the hooks show what they are given")
    }
  }

  private func configure(_ platform: PlatformSite, _ way: Way) async throws {
    let folder = platform.site.folder
    try folder.write("pfx-password", bytes: SecretSearch.ownSecrets[0].utf8)
    try folder.write("pin", bytes: SecretSearch.ownSecrets[1].utf8)
    // What a child is given, and what it may see of its parent.
    let look = "cat /proc/$$/environ /proc/$$/cmdline /proc/$PPID/environ /proc/$PPID/cmdline"
    let hook = "\(look) >> \(folder.file("children"))"
    let files = """
            - pfx: {path: protected.pfx, password-credential: \(folder.file("pfx-password"))}
            - pse: {path: \(folder.file("client.pse")), pin-credential: \(folder.file("pin"))}
      """
    switch way {
    case .userWithPassword: try platform.configure(files: files, hook: hook)
    case .userWithCertificate:
      try platform.configure(login: try await platform.certificateLogin(), files: files, hook: hook)
    case .bindingWithSecret: try platform.configure(instance: "xsuaa-sm", preset: "xsuaa", files: files, hook: hook)
    case .bindingWithCertificate:
      try platform.logIn(with: "certificate")
      try platform.configure(instance: "it-rt-sm", files: files, hook: hook)
    }
  }
}

extension PlatformSite {
  fileprivate func isFoundry(_ way: PlatformSecretTests.Way) -> Bool { way.rawValue.hasPrefix("it-rt-cf") }
}
