// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import Journal
import Keystores
import TestSupport
import Testing

@testable import Rotation

/// What the platform gives in place of what was wanted, and what an operator reads of it.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct PlatformAnswerTests {
  private func leaf(_ daemon: RunningSite) throws -> Certificate? {
    try daemon.read("sender", "cert.pfx", as: PlatformKeyLifeTests.pfx).identity?.certificate
  }

  @Test func `a key that a keystore cannot hold is refused, and the one in force stays`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(files: "      - pse: {path: client.pse}")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let old = try leaf(daemon)
        _ = platform.site.recorder.take()
        try await platform.setClocks(aTime + 20.5 * day)
        try await platform.fault("key-ec", "cf.keys.create", times: -1)
        try await platform.live(daemon, until: aTime + 20.5 * day + 1200)
        let told = platform.site.recorder.take()
        let refused = try #require(told.first { $0.event == .keyRefused })
        #expect(
          refused.message.contains("the keystore sender has a pse file, which cannot hold it: an RSA key is needed"))
        #expect(refused.message.contains("('parameters')"))
        let failing = try #require(told.first { $0.event == .keyRenewalFailing })
        #expect(failing.fields[.culprit] == "configuration")
        #expect(try leaf(daemon) == old && !told.contains { $0.event == .keyVerified })
        try await platform.control(.delete, "/faults")
        try await platform.live(daemon, until: aTime + 22 * day)
        #expect(try leaf(daemon) != old)
      }
    }
  }

  @Test func `a broken answer with a key's credentials is asked for once more`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.fault("cut-short", "cf.keys.details")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 600)
        let told = platform.site.recorder.take()
        let failed = try #require(told.first { $0.event == .keyAttemptFailed })
        #expect(
          failed.message.contains("reading the new key: the platform's answer breaks off (GET "), "\(failed.message)")
        #expect(told.contains { $0.event == .keyRenewed })
        #expect(try await platform.ours().map(\.detailsReads) == [2])
      }
    }
  }

  @Test func `a preset of another service is told as such`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(preset: "xsuaa")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 60)
        let refused = try #require(platform.site.recorder.take(.keyRefused).first)
        #expect(refused.message.contains("name the preset of the service"), "\(refused.message)")
        #expect(!refused.message.contains("the file") && !refused.message.contains("download"))
      }
    }
  }

  @Test func `a login that another one replaced has recovered`() async throws {
    try await PlatformSite.run { platform in
      let password = platform.site.folder.file("password")
      try platform.configure(login: "user: {name: nobody@example.com, password-credential: \(password)}")
      try await platform.site.run { try await platform.live($0, until: aTime + 60) }
      #expect(platform.site.recorder.takeNames().contains(.loginFailing))
      // Also one that an earlier life of the daemon told of.
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 300)
        let recovered = platform.site.recorder.take(.loginRecovered)
        #expect(recovered.count == 1)
        #expect(recovered.first?.message.contains("it takes the place of nobody@example.com") == true)
        #expect(recovered.first?.fields[.since] == EventTime.text(aTime))
        #expect(await daemon.context.landscape.conditions.allSatisfy { !"\($0.key)".contains("login") })
      }
    }
  }
}
