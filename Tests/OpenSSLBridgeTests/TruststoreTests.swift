// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@Suite struct TruststoreTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: PKCS12.Profile.allCases) func keytoolTrustsEveryEntry(profile: PKCS12.Profile) async throws {
    let certificates = try ["CN=One", "CN=Two", "CN=Three"].map { try TestCA.root($0).certificate }
    let entries = zip(["one", "two", "three"], certificates).map { (alias: $0, certificate: $1) }
    let password = SecretBytes(copying: "changeit".utf8)
    let bytes = try PKCS12.encodeTruststore(entries, password: password, profile: profile)
    let file = try folder.write("trust.p12", bytes: bytes.copyBytes())
    let word = try folder.write("password", bytes: "changeit".utf8)

    let list = try await OutsideTool.run(
      "keytool", ["-J-Duser.language=en", "-list", "-keystore", file.string, "-storepass:file", word.string])
    #expect(list.succeeded, "\(list.everything)")
    #expect(list.output.contains("Your keystore contains 3 entries"), "\(list.everything)")
    #expect(list.output.split(separator: "trustedCertEntry").count == 4, "\(list.everything)")
    for (alias, certificate) in entries {
      #expect(list.output.contains("\(alias), "))
      let digits = certificate.fingerprint.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
      #expect(list.output.contains(digits.joined(separator: ":")))
    }

    let content = try PKCS12.decode(bytes, password: password)
    #expect(content.key == nil && content.leaf == nil)
    #expect(content.others == certificates)
  }

  @Test func refusesAnEmptyTruststore() {
    #expect(throws: PKCS12Error.noCertificates) {
      try PKCS12.encodeTruststore([], password: SecretBytes(copying: "changeit".utf8))
    }
  }
}
