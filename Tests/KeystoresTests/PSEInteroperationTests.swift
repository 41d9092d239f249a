// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Keystores
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

/// What others find in our PSE files.
@Suite(.enabled(Comment(rawValue: Pysap.absence)) { await Pysap.isExpected })
struct PSEInteroperationTests {
  let landscape: Landscape

  init() throws { landscape = try Landscape.shared.get() }

  private func withFile<Result>(
    _ content: KeystoreContent, _ body: (FilePath) async throws -> Result
  ) async throws -> Result {
    let file = try #require(try KeystoreWriter.render(.pse(), content, now: aTime).first)
    return try await TemporaryFolder.with { folder in
      let path = folder.appending("client.pse")
      try TemporaryFolder.write(file.bytes.copyBytes(), to: path)
      return try await body(path)
    }
  }

  @Test func pysapFindsTheOwnCertificate() async throws {
    let pysap = try await Pysap.fetch()
    for identity in [landscape.selfSignedIdentity, landscape.issuedIdentity] {
      try await withFile(KeystoreContent(identity: identity, trust: [landscape.foreign.root])) { path in
        let found = try await pysap.certificate(inPSE: path)
        #expect(found == identity.certificate.derBytes)
      }
    }
  }

  /// pysap's command shows no trust lists, and its grammar has no file without a key; its element reader takes both.
  @Test func pysapFindsTheTrustList() async throws {
    let pysap = try await Pysap.fetch()
    let trust = [landscape.foreign.root, landscape.foreign.certificate, landscape.own.root]
    for identity in [nil, landscape.selfSignedIdentity, landscape.issuedIdentity] {
      try await withFile(KeystoreContent(identity: identity, trust: trust)) { path in
        let found = try await pysap.python(Self.trustLister, [path.string])
        #expect(Set(found.split(separator: "\n").map(String.init)) == Set(trust.map(\.fingerprint.description)))
      }
    }
  }

  private static let trustLister = """
    import sys
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from pysap.utils.fields import asn1_child_tlvs, asn1_decode_oid
    version, content = asn1_child_tlvs(open(sys.argv[1], "rb").read())
    for entry in asn1_child_tlvs(asn1_child_tlvs(content)[-1]):
        name, created, kind, value = asn1_child_tlvs(entry)
        if asn1_decode_oid(kind) == "1.3.36.2.6.1":
            for certificate in asn1_child_tlvs(value):
                print(x509.load_der_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex())
    """
}
