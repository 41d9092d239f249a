// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Keystores
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

/// What others find in our PKCS #12 files: OpenSSL's command, the Java platform, and GnuTLS.
struct PKCS12InteroperationTests {
  let landscape: Landscape
  private let password = "correct-horse"

  init() throws { landscape = try Landscape.shared.get() }

  private var secret: SecretBytes { SecretBytes(copying: Array(password.utf8)) }

  private func withFile(
    _ format: FileFormat, _ content: KeystoreContent, _ body: (String) async throws -> Void
  ) async throws {
    let file = try #require(try KeystoreWriter.render(format, content, now: aTime).first)
    try await TemporaryFolder.with { folder in
      let path = folder.appending("cert.pfx")
      try TemporaryFolder.write(file.bytes.copyBytes(), to: path)
      try await body(path.string)
    }
  }

  private func withPFX(
    _ profile: PKCS12.Profile, _ identity: Identity, _ body: (String) async throws -> Void
  ) async throws {
    let format = FileFormat.pfx(.init(password: secret, profile: profile, alias: "cpi-sender"))
    try await withFile(format, KeystoreContent(identity: identity, trust: []), body)
  }

  @Test(arguments: [(PKCS12.Profile.modern, "AES-256-CBC"), (.legacy, "pbeWithSHA1And3-KeyTripleDES-CBC")])
  func openssl(profile: PKCS12.Profile, cipher: String) async throws {
    try await withPFX(profile, landscape.issuedIdentity) { path in
      let result = try await OutsideTool.run(
        "openssl", ["pkcs12", "-in", path, "-info", "-nodes", "-passin", "pass:\(password)"])
      #expect(result.succeeded, "\(result.errors)")
      #expect(result.errors.contains(cipher))
      #expect(result.output.contains("friendlyName: cpi-sender"))
      let found = try PEMReader.certificates(in: Array(result.output.utf8))
      #expect(found.first == landscape.leaf)
      #expect(Set(found) == Set(landscape.issuedIdentity.chain))
      let key = try PrivateKey(pem: SecretBytes(copying: Array(result.output.utf8)))
      #expect(try key.fits(landscape.leaf))
    }
  }

  @Test(arguments: [PKCS12.Profile.modern, .legacy])
  func keytool(profile: PKCS12.Profile) async throws {
    for identity in [landscape.issuedIdentity, landscape.selfSignedIdentity] {
      try await withPFX(profile, identity) { path in
        let result = try await OutsideTool.run(
          "keytool",
          ["-J-Duser.language=en", "-list", "-v", "-storetype", "PKCS12", "-keystore", path, "-storepass", password])
        #expect(result.succeeded, "\(result.output)\(result.errors)")
        #expect(result.output.contains("Alias name: cpi-sender"))
        #expect(result.output.contains("PrivateKeyEntry"))
        #expect(result.output.contains("Certificate chain length: \(identity.chain.count)"))
      }
    }
  }

  @Test(arguments: [PKCS12.Profile.modern, .legacy])
  func certtool(profile: PKCS12.Profile) async throws {
    try await withPFX(profile, landscape.issuedIdentity) { path in
      let result = try await OutsideTool.run(
        "certtool", ["--p12-info", "--inder", "--infile", path, "--password", password])
      #expect(result.succeeded, "\(result.errors)")
      #expect(Set(try PEMReader.certificates(in: Array(result.output.utf8))) == Set(landscape.issuedIdentity.chain))

      // certtool shows the key as encrypted as it found it, and opens it in a second step.
      let blocks = try PEMReader.blocks(in: Array(result.output.utf8))
      let encrypted = try #require(blocks.first { $0.label == "ENCRYPTED PRIVATE KEY" })
      let folder = try TemporaryFolder()
      let key = try folder.write("key.pem", bytes: Array(encrypted.text.utf8))
      let opened = try await OutsideTool.run(
        "certtool", ["--key-info", "--pkcs8", "--infile", key.string, "--password", password])
      #expect(opened.succeeded, "\(opened.errors)")
      #expect(opened.output.contains("(2048 bits)"))
    }
  }

  @Test func keytoolTrustsWhatTheTrustStoreHolds() async throws {
    let trust = [landscape.foreign.root, landscape.foreign.certificate]
    try await withFile(.javaTruststore(password: secret), KeystoreContent(identity: nil, trust: trust)) { path in
      let result = try await OutsideTool.run(
        "keytool", ["-J-Duser.language=en", "-list", "-storetype", "PKCS12", "-keystore", path, "-storepass", password])
      #expect(result.succeeded, "\(result.output)\(result.errors)")
      #expect(result.output.contains("contains 2 entries"))
      #expect(result.output.components(of: "trustedCertEntry") == 2)
      for certificate in trust { #expect(result.output.contains(certificate.fingerprint.short)) }
    }
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
