// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@Suite struct SelfSignedCertificateTests {
  @Test(arguments: [TestCertificateOptions.KeyKind.rsa(bits: 2048), .ellipticCurve])
  func isWhatItSays(kind: TestCertificateOptions.KeyKind) async throws {
    let folder = try TemporaryFolder()
    let key = try TestKeys.make(kind)
    let subject = try DistinguishedName(parsing: "CN=host.example, O=TS, C=DE")
    // The end lies beyond 2049, where UTCTime gives way to GeneralizedTime.
    let (begin, end) = (Date(timeIntervalSince1970: 1_800_000_000.9), Date(timeIntervalSince1970: 2_600_000_000))
    let certificate = try SelfSignedCertificate.make(key: key, subject: subject, notBefore: begin, notAfter: end)

    #expect(certificate.subject == subject && certificate.isSelfIssued)
    #expect(certificate.validity == Validity(notBefore: Date(timeIntervalSince1970: 1_800_000_000), notAfter: end))
    #expect(certificate.serialNumber.bytes.count == 16)
    #expect(certificate.extensions.basicConstraints?.isAuthority == false)
    #expect(certificate.extensions.keyUsage?.contains(.digitalSignature) == true)
    #expect(certificate.extensions.keyUsage?.contains(.certificateSigning) == false)
    #expect(certificate.extensions.extendedKeyUsage == nil)
    let keyIdentifier = try #require(certificate.extensions.subjectKeyIdentifier)
    #expect(keyIdentifier.count == 20)
    #expect(certificate.extensions.authorityKeyIdentifier == keyIdentifier)
    #expect(try key.fits(certificate))

    let file = try folder.write("own.pem", bytes: PEMBlock(certificate).text.utf8)
    let judged = try await OutsideTool.run(
      "openssl",
      [
        "verify", "-check_ss_sig", "-x509_strict", "-purpose", "sslclient", "-attime", "1900000000", "-CAfile",
        file.string, file.string,
      ])
    #expect(judged.succeeded, "\(judged.everything)")
  }

  @Test func serialNumbersDiffer() throws {
    let key = try TestKeys.make(.ellipticCurve)
    let serials = try (0..<8).map { _ in
      try SelfSignedCertificate.make(
        key: key, subject: DistinguishedName(parsing: "CN=a"), notBefore: .now, notAfter: .now + 60
      ).serialNumber
    }
    #expect(Set(serials).count == 8)
  }

  @Test func refusesATimeBeyondTheYear9999() throws {
    let key = try TestKeys.make(.ellipticCurve)
    #expect(throws: OpenSSLError.self) {
      try SelfSignedCertificate.make(
        key: key, subject: DistinguishedName(parsing: "CN=a"), notBefore: .now,
        notAfter: Date(timeIntervalSince1970: 1e300))
    }
  }
}
