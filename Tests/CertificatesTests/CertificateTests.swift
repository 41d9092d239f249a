// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Testing

struct CertificateTests {
  /// Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Sample Root/O=Example"
  /// -addext keyUsage=critical,keyCertSign -set_serial 0x00ABCD`, OpenSSL 3.0.
  private static let root = """
    -----BEGIN CERTIFICATE-----
    MIIBpTCCAUqgAwIBAgIDAKvNMAoGCCqGSM49BAMCMCgxFDASBgNVBAMMC1NhbXBs
    ZSBSb290MRAwDgYDVQQKDAdFeGFtcGxlMB4XDTI2MTEyMjAyMjQzOVoXDTM2MTEx
    OTAyMjQzOVowKDEUMBIGA1UEAwwLU2FtcGxlIFJvb3QxEDAOBgNVBAoMB0V4YW1w
    bGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARvtylePb/QAkHQDuC65AuAVRFd
    dLnuPCASf5VEHCGPcl/sOHIkTzPeHsb/hc2/A8tbygYkHkm44olq5PPowrlFo2Mw
    YTAdBgNVHQ4EFgQUdCSx/X9TCihcoyVPhBMGdB8hgJswHwYDVR0jBBgwFoAUdCSx
    /X9TCihcoyVPhBMGdB8hgJswDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMC
    AgQwCgYIKoZIzj0EAwIDSQAwRgIhANvQs6uo3N+RrHrHJop/l11F6IJNZwAiCw5n
    A+k7oBOhAiEA3hBHkoO/0GeSiD/efeAufvfKdQHuIRDBG9lM/Zpep1I=
    -----END CERTIFICATE-----
    """

  @Test func readsEveryPart() throws {
    let certificate = try #require(PEMReader.certificates(in: Array(Self.root.utf8)).first)
    #expect(certificate.subject.description == "O=Example, CN=Sample Root")
    #expect(certificate.issuer == certificate.subject)
    #expect(certificate.isSelfIssued)
    #expect(certificate.mayIssue)
    #expect(certificate.serialNumber.description == "AB:CD")
    #expect(certificate.publicKey.kind == .ellipticCurve("P-256"))
    #expect(certificate.extensions.basicConstraints?.isAuthority == true)
    #expect(certificate.extensions.keyUsage == .certificateSigning)
    #expect(certificate.extensions.subjectKeyIdentifier?.count == 20)
    #expect(certificate.namesAsIssuer(certificate))
    #expect(certificate.validity.lifetime == .seconds(3650 * 86_400))
    #expect(certificate.validity.notBefore == Date(timeIntervalSince1970: 1_795_314_279))
  }

  @Test func survivesEveryTruncationAndEveryFlippedByte() throws {
    let bytes = try #require(PEMReader.certificates(in: Array(Self.root.utf8)).first).derBytes
    for length in 0..<bytes.count {
      #expect(throws: CertificateError.self) { try Certificate(derEncoded: bytes[..<length]) }
    }
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0xFF
      guard let read = try? Certificate(derEncoded: damaged) else { continue }
      #expect(read.derBytes == damaged)
    }
  }

  @Test func refusesWhatFollowsTheCertificate() throws {
    let bytes = try #require(PEMReader.certificates(in: Array(Self.root.utf8)).first).derBytes
    #expect(throws: CertificateError.self) { try Certificate(derEncoded: bytes + [0]) }
  }

  @Test func refusesMoreThanItsLimit() {
    let error = #expect(throws: CertificateError.self) {
      try Certificate(derEncoded: [UInt8](repeating: 0x30, count: Certificate.sizeLimit + 1))
    }
    #expect(error == .tooLarge(bytes: Certificate.sizeLimit + 1))
  }
}
