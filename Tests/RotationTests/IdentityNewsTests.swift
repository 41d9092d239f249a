// SPDX-License-Identifier: Apache-2.0

import Host
import Journal
import OpenSSLBridge
import TestSupport
import Testing

@testable import Rotation

/// What is said of a keystore's new identity.
struct IdentityNewsTests {
  @Test func `it says where the identity comes from`() async throws {
    let site = try Site()
    let leaf = try Authority.one.get().leaf("client")
    let (certificate, key) = (site.folder.file("certificate.pem"), site.folder.file("key.pem"))
    try site.folder.write("certificate.pem", leaf.path.pem)
    try site.folder.write("key.pem", bytes: try leaf.key.pem(.pkcs8).copyBytes())
    try site.configure(
      """
      keystores:
        client:
          identity: {pem: {certificate: \(certificate), key: \(key)}}
          files: [{pem: {certificate: cert.pem}}]
      """)
    try await site.run { daemon in
      try await daemon.settle()
      let first = try #require(site.recorder.take(.identityRenewed).first)
      #expect(first.fields[.reason] == "it was read from \(certificate) and \(key)")
      #expect(first.message.hasSuffix(": it was read from \(certificate) and \(key)"))
      try site.folder.write(
        "certificate.pem", try Authority.one.get().leaf("client", days: 91) { $0.key = leaf.key }.path.pem)
      try await daemon.services.refresher.changed(certificate)
      try await daemon.settle()
      let second = try #require(site.recorder.take(.identityRenewed).first)
      #expect(second.fields[.reason] == "it was read from \(certificate) and \(key), since \(certificate) changed")
    }
  }

  @Test func `it says why certrotd made one`() async throws {
    let site = try Site()
    try site.configure(
      """
      keystores:
        client:
          identity: {self-signed: {subject: CN=host, valid-for: 10d}}
          renew-before: 1d
          files: [{pem: {certificate: cert.pem}}]
      """)
    try await site.run { daemon in
      try await daemon.settle()
      let first = try #require(site.recorder.take(.identityRenewed).first)
      #expect(first.fields[.reason] == "certrotd made it, since the keystore had none")
      site.clock.advance(by: .days(9))
      try await daemon.settle()
      let second = try #require(site.recorder.take(.identityRenewed).first)
      #expect(second.fields[.reason]?.hasPrefix("the one before ends at 20") == true, "\(second.fields)")
    }
  }
}
