// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@Suite struct PKCS12Tests {
  let folder: TemporaryFolder
  let identity: TestIdentity
  let password = SecretBytes(copying: "pässword 1".utf8)

  init() throws {
    folder = try TemporaryFolder()
    identity = try TestCA.root().intermediate().issue("CN=client.example, O=TS") { $0.keyKind = .rsa(bits: 2048) }
  }

  private func encode(
    _ profile: PKCS12.Profile, alias: String? = "client ü", password: SecretBytes? = nil
  ) throws -> SecretBytes {
    try PKCS12.encode(
      key: identity.key, leaf: identity.certificate, issuers: identity.issuers, alias: alias,
      password: password ?? self.password, profile: profile)
  }

  private func written(_ bytes: SecretBytes) throws -> FilePath {
    try folder.write("store.p12", bytes: bytes.copyBytes())
  }

  private func passwordFile(_ password: String = "pässword 1") throws -> FilePath {
    try folder.write("password", bytes: password.utf8)
  }

  @Test(arguments: PKCS12.Profile.allCases) func readsWhatItWrote(profile: PKCS12.Profile) throws {
    for secret in [password, SecretBytes(copying: [])] {
      let content = try PKCS12.decode(encode(profile, password: secret), password: secret)
      #expect(try content.key?.pkcs8DER() == identity.key.pkcs8DER())
      #expect(content.leaf == identity.certificate)
      #expect(content.others == identity.issuers)
    }
  }

  @Test(arguments: PKCS12.Profile.allCases) func opensslReadsIt(profile: PKCS12.Profile) async throws {
    let file = try written(encode(profile))
    // Without `-legacy`: a stock OpenSSL 3 opens both profiles.
    let dump = try await OutsideTool.run(
      "openssl", ["pkcs12", "-in", file.string, "-passin", "file:\(passwordFile())", "-noenc", "-info"])
    try #require(dump.succeeded, "\(dump.errors)")
    let wanted =
      switch profile {
      case .modern:
        ["MAC: sha256, Iteration 100000", "PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"]
      case .legacy: ["MAC: sha1, Iteration 2048", "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048"]
      }
    for text in wanted { #expect(dump.everything.contains(text), "\(dump.everything)") }
    let printed = try PEMReader.certificates(in: Array(dump.output.utf8))
    #expect(printed == [identity.certificate] + identity.issuers)
    #expect(try PrivateKey(pem: SecretBytes(copying: dump.output.utf8)).pkcs8DER() == identity.key.pkcs8DER())
    #expect(dump.output.contains("friendlyName: client \u{FC}") || dump.output.contains("friendlyName: client"))
    #expect(dump.output.split(separator: "localKeyID").count == 3, "key and leaf have one, the issuers none")
  }

  @Test(arguments: PKCS12.Profile.allCases) func keytoolReadsIt(profile: PKCS12.Profile) async throws {
    let plain = SecretBytes(copying: "changeit".utf8)
    let file = try written(encode(profile, alias: "cpi-sender", password: plain))
    let list = try await OutsideTool.run(
      "keytool",
      [
        "-J-Duser.language=en", "-list", "-v", "-keystore", file.string, "-storetype", "PKCS12", "-storepass:file",
        try passwordFile("changeit").string,
      ])
    #expect(list.succeeded, "\(list.everything)")
    #expect(list.output.contains("Alias name: cpi-sender"))
    #expect(list.output.contains("Entry type: PrivateKeyEntry"))
    #expect(list.output.contains("Certificate chain length: 3"), "\(list.everything)")
  }

  @Test(arguments: PKCS12.Profile.allCases) func certtoolReadsIt(profile: PKCS12.Profile) async throws {
    let plain = SecretBytes(copying: "changeit".utf8)
    let file = try written(encode(profile, alias: "client", password: plain))
    let dump = try await OutsideTool.run(
      "certtool", ["--p12-info", "--inder", "--infile", file.string, "--password", "changeit"])
    #expect(dump.succeeded, "\(dump.everything)")
    #expect(dump.output.split(separator: "BEGIN CERTIFICATE").count == 4)
    let key = try await OutsideTool.run(
      "certtool", ["--key-info", "--inder", "--infile", file.string, "--password", "changeit"])
    #expect(key.succeeded && key.everything.contains("Medium (2048 bits)"), "\(key.everything)")
  }

  @Test func readsWhatOpenSSLWrote() async throws {
    let key = try folder.write("key.pem", bytes: identity.key.pem(.pkcs8).copyBytes())
    let chain = try folder.write(
      "chain.pem", ([identity.certificate] + identity.issuers).map { PEMBlock($0).text }.joined())
    let output = folder.file("openssl.p12")
    for options in [[], ["-legacy", "-certpbe", "PBE-SHA1-3DES"], ["-nomaciter"]] {
      let made = try await OutsideTool.run(
        "openssl",
        ["pkcs12", "-export", "-inkey", key.string, "-in", chain.string, "-passout", "pass:", "-out", output.string]
          + options)
      try #require(made.succeeded, "\(made.errors)")
      let content = try PKCS12.decode(
        HostFiles().readSecretFile(output, limit: 1 << 20), password: SecretBytes(copying: []))
      #expect(content.leaf == identity.certificate)
      #expect(content.others == identity.issuers)
      #expect(try content.key?.fits(identity.certificate) == true)
    }
  }

  /// The default of OpenSSL 1, and of Windows and Java of its time: certificates under RC2 with 40 bits.
  @Test func readsRC2WhereTheHostHasTheLegacyProvider() async throws {
    let key = try folder.write("key.pem", bytes: identity.key.pem(.pkcs8).copyBytes())
    let chain = try folder.write(
      "chain.pem", ([identity.certificate] + identity.issuers).map { PEMBlock($0).text }.joined())
    let output = folder.file("old.p12")
    let made = try await OutsideTool.run(
      "openssl",
      [
        "pkcs12", "-export", "-legacy", "-inkey", key.string, "-in", chain.string, "-name", "old", "-passout",
        "file:\(passwordFile())", "-out", output.string,
      ])
    // Debian and Ubuntu have the provider in the library's own package, others in one of its own.
    guard made.succeeded else { return }
    let bytes = try HostFiles().readSecretFile(output, limit: 1 << 20)
    let content = try PKCS12.decode(bytes, password: password)
    #expect(content.entries.map(\.alias) == ["old"])
    #expect(content.leaf == identity.certificate && content.others == identity.issuers)
    // The key belongs to the ordinary library, where it is used.
    #expect(try content.key?.pkcs8DER() == identity.key.pkcs8DER())
    #expect(try content.key?.fits(identity.certificate) == true)
    #expect(throws: PKCS12Error.wrongPassword) {
      try PKCS12.decode(bytes, password: SecretBytes(copying: "wrong".utf8))
    }
  }

  @Test func refusesWhatCannotBeRead() async throws {
    let file = try encode(.modern)
    #expect(throws: PKCS12Error.wrongPassword) {
      try PKCS12.decode(file, password: SecretBytes(copying: "wrong".utf8))
    }
    #expect(throws: PKCS12Error.wrongPassword) { try PKCS12.decode(file, password: SecretBytes(copying: [])) }
    for bytes in [[], Array("nonsense".utf8), Array(file.copyBytes().prefix(100))] {
      let error = #expect(throws: PKCS12Error.self) {
        try PKCS12.decode(SecretBytes(copying: bytes), password: password)
      }
      guard case .malformed = error else {
        Issue.record("\(bytes.count) bytes: \(String(describing: error))")
        continue
      }
    }
    var damaged = file.copyBytes()
    damaged[damaged.count / 2] ^= 1
    #expect(throws: PKCS12Error.self) { try PKCS12.decode(SecretBytes(copying: damaged), password: password) }
  }

  @Test func refusesAKeyThatDoesNotFit() throws {
    #expect(throws: PKCS12Error.keyDoesNotFit) {
      try PKCS12.encode(
        key: TestKeys.make(.ellipticCurve), leaf: identity.certificate, issuers: [], alias: nil, password: password,
        profile: .modern)
    }
    #expect(throws: PKCS12Error.passwordHoldsZeroByte) {
      try encode(.modern, password: SecretBytes(copying: [65, 0, 66]))
    }
  }

  /// 2^31 - 1 rounds in place of the 2048 of the integrity check: two more bytes, which the lengths around it count too.
  private func withManyMacRounds(_ file: [UInt8]) throws -> [UInt8] {
    var file = file
    let digest: [UInt8] = [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A]
    let start = try #require((0..<file.count - 40).last { Array(file[$0..<$0 + digest.count]) == digest })
    try #require(file.suffix(4) == [0x02, 0x02, 0x08, 0x00] && file[0...1] == [0x30, 0x82] && file[start - 2] == 0x30)
    file.removeLast(4)
    file += [0x02, 0x04, 0x7F, 0xFF, 0xFF, 0xFF]
    file[start - 1] += 2
    let length = Int(file[2]) << 8 + Int(file[3]) + 2
    (file[2], file[3]) = (UInt8(length >> 8), UInt8(length & 0xFF))
    return file
  }

  @Test func roundsWithoutEndAreRefusedBeforeTheyAreRun() throws {
    let hostile = SecretBytes(copying: try withManyMacRounds(encode(.legacy).copyBytes()))
    let refusal = PKCS12Error.tooCostly(limit: 3_000_000)
    #expect(throws: refusal) { try PKCS12.decode(hostile, password: password) }
    #expect(throws: refusal) { try PKCS12.opens(hostile, password: password) }
  }

  @Test func roundsWithinTheEncryptionCountToo() async throws {
    try folder.write("key.pem", bytes: try identity.key.pem(.pkcs8).copyBytes())
    try folder.write("cert.pem", PEMBlock(identity.certificate).text)
    // Each of the two encryptions would pass alone.
    let made = try await OutsideTool.run(
      "openssl",
      [
        "pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-iter", "1600000", "-nomaciter", "-passout",
        "file:\(passwordFile())", "-out", "costly.p12",
      ], workingDirectory: folder.path)
    try #require(made.succeeded, "\(made.errors)")
    let file = try HostFiles().readSecretFile(folder.file("costly.p12"), limit: 1 << 20)
    #expect(throws: PKCS12Error.tooCostly(limit: 3_000_000)) { try PKCS12.decode(file, password: password) }
    #expect(try PKCS12.opens(file, password: password), "the integrity check alone is cheap")
  }

  /// No other password would open such files.
  @Test func aFileWhoseIntegrityCannotBeCheckedIsNoMatterOfThePassword() async throws {
    try folder.write("key.pem", bytes: try identity.key.pem(.pkcs8).copyBytes())
    try folder.write("cert.pem", PEMBlock(identity.certificate).text)
    let made = try await OutsideTool.run(
      "openssl",
      [
        "pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-nomac", "-passout", "file:\(passwordFile())",
        "-out",
        "unchecked.p12",
      ], workingDirectory: folder.path)
    try #require(made.succeeded, "\(made.errors)")
    let unchecked = try HostFiles().readSecretFile(folder.file("unchecked.p12"), limit: 1 << 20)
    var other = try encode(.legacy).copyBytes()
    let sha1: [UInt8] = [0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A]
    let place = try #require((0..<other.count - 40).last { Array(other[$0..<$0 + sha1.count]) == sha1 })
    // 1.3.14.3.2.127 is nothing.
    other[place + sha1.count - 1] = 0x7F
    for (file, word) in [(unchecked, "mac absent"), (SecretBytes(copying: other), "mac")] {
      let errors = [
        #expect(throws: PKCS12Error.self) { try PKCS12.decode(file, password: password) },
        #expect(throws: PKCS12Error.self) { try PKCS12.opens(file, password: password) },
      ]
      for error in errors {
        guard case .unsupported(let reason) = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(reason.description.contains(word), "\(reason)")
      }
    }
  }

  @Test func largeFilesAreRefusedUnread() {
    let file = SecretBytes(copying: [0x30, 0x84, 0x00, 0x50, 0x00, 0x00] + [UInt8](repeating: 0, count: 5 << 20))
    #expect(throws: PKCS12Error.tooLarge(limit: 4 << 20)) { try PKCS12.decode(file, password: password) }
  }

  @Test(arguments: PKCS12.Profile.allCases) func opensTellsThePassword(profile: PKCS12.Profile) throws {
    let file = try encode(profile)
    #expect(try PKCS12.opens(file, password: password))
    #expect(try !PKCS12.opens(file, password: SecretBytes(copying: "pässword 2".utf8)))
    #expect(try !PKCS12.opens(file, password: SecretBytes(copying: [])))
    #expect(try PKCS12.opens(encode(profile, password: SecretBytes(copying: [])), password: SecretBytes(copying: [])))
    #expect(throws: PKCS12Error.self) { try PKCS12.opens(SecretBytes(copying: [1, 2]), password: password) }
  }
}
