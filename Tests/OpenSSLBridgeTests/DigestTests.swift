// SPDX-License-Identifier: Apache-2.0

import Certificates
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@Suite struct DigestTests {
  /// FIPS 180-4 examples: SHA-256 and SHA-1 of "abc".
  @Test func knownVectors() {
    #expect(
      Digest.sha256(Array("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Digest.sha1(Array("abc".utf8)).hex == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(Digest.sha256([]).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func randomBytesDiffer() throws {
    let first = try Random.bytes(32)
    #expect(first.count == 32)
    #expect(try Random.bytes(32) != first)
    #expect(try Random.bytes(0).isEmpty)
  }

  @Test func fingerprintIsTheDigestOfTheEncoding() async throws {
    let folder = try TemporaryFolder()
    let root = try TestCA.root()
    let file = try folder.write("root.der", bytes: root.certificate.derBytes)
    let printed = try await OutsideTool.run(
      "openssl", ["x509", "-inform", "DER", "-in", file.string, "-noout", "-fingerprint", "-sha256"])
    let wanted = printed.output.drop { $0 != "=" }.dropFirst().filter { $0.isHexDigit }.lowercased()
    #expect(root.certificate.fingerprint.description == wanted)
    withExtendedLifetime(folder) {}
  }
}

extension Collection<UInt8> {
  /// Lower-case digits.
  var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
