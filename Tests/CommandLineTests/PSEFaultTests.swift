// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import FoundationEssentials
import Host
import Keystores
import OpenSSLBridge
import SwiftASN1
import SystemPackage
import TestSupport
import Testing

@testable import CommandLine
@testable import PSEFormat

/// What `certrotd pse …` does with files that are odd, foreign, or used by two at once.
struct PSEFaultTests {
  private let folder: TemporaryFolder
  private let root: TestIdentity
  private let issuing: TestIdentity
  private let client: TestIdentity

  init() throws {
    folder = try TemporaryFolder()
    root = try TestCA.root()
    issuing = try root.intermediate { $0.keyKind = .rsa(bits: 3072) }
    client = try issuing.leaf { $0.keyKind = .rsa(bits: 2048) }
    try folder.write("root.pem", PEMBlock(root.certificate).text)
    try folder.write("chain.pem", Self.all(client).map { PEMBlock($0).text }.joined())
    try folder.write("key.pem", bytes: client.key.pem(.pkcs8).copyBytes())
    try folder.write("password", bytes: Array("a password\n".utf8))
    try save("client.pse", identity: client, trust: [])
  }

  /// The certificate and its issuers with the root.
  private static func all(_ identity: TestIdentity) -> [Certificate] { [identity.certificate] + identity.issuers }

  private func path(_ name: String) -> String { folder.file(name).string }

  /// Carries `certrotd pse …` out, with each argument that begins with a slash as a file of the folder.
  private func run(_ arguments: [String]) throws {
    var command = try Certrotd.parseAsRoot(
      ["pse"] + arguments.map { $0.hasPrefix("/") ? path(String($0.dropFirst())) : $0 })
    try command.run()
  }

  /// The exit code of the same.
  private func pse(_ arguments: String...) -> Int32 {
    do {
      try run(arguments)
      return 0
    } catch {
      return Certrotd.exitStatus(of: error)
    }
  }

  @Test func `a key that no PSE can hold is told with what to do`() throws {
    let curve = try issuing.leaf()
    try folder.write("curve.pem", Self.all(curve).map { PEMBlock($0).text }.joined())
    try folder.write("curve.key", bytes: curve.key.pem(.pkcs8).copyBytes())
    let failure = #expect(throws: ToldFailure.self) {
      try run(["create", "--out", "/curve.pse", "--certificate", "/curve.pem", "--key", "/curve.key"])
    }
    #expect(
      failure.map { "\($0)" }?.hasPrefix(
        "\(path("curve.key")): a PSE takes RSA keys only, and the private key is EC P-256") == true,
      "\(String(describing: failure))")
  }

  private func content(_ name: String) throws -> PSEContent {
    try PSEDocument.open(HostFiles().readSecretFile(folder.file(name), limit: 1 << 20)).content
  }

  private func exists(_ name: String) throws -> Bool {
    try HostFiles().linkStatusIfPresent(of: folder.file(name)) != nil
  }

  private func save(_ name: String, identity: TestIdentity, trust: [Certificate]) throws {
    let content = KeystoreContent(
      identity: Identity(certificate: identity.certificate, key: identity.key, issuers: identity.issuers), trust: trust)
    for file in try KeystoreWriter.render(.pse(), content, now: .now) {
      try folder.write(name, bytes: file.bytes.copyBytes())
    }
  }

  /// Writes a PSE with the objects of `client.pse` after `change`.
  private func save(_ name: String, changing change: ([PSEObject]) -> [PSEObject]) throws {
    let old = try content("client.pse")
    let new = try PSEContent(
      algorithm: old.algorithm, created: old.created, keyFlag: old.keyFlag, objects: change(old.objects))
    try folder.write(name, bytes: PSEFile(new).derEncoded())
  }

  private func isKey(_ object: PSEObject) -> Bool { if case .privateKey = object.value { true } else { false } }

  private func isCertificate(_ object: PSEObject) -> Bool {
    if case .certificate = object.value { true } else { false }
  }

  private func encoded(_ certificate: Certificate) -> [UInt8] { Array(certificate.parts.toBeSigned.encodedBytes) }

  // MARK: Two at once

  @Test func `of changes at the same time none is lost`() async throws {
    let certificates = try (0..<12).map { try TestCA.root("CN=Root \($0)").certificate }
    for (index, certificate) in certificates.enumerated() {
      try folder.write("new\(index).pem", PEMBlock(certificate).text)
    }
    let codes = await withTaskGroup(of: Int32.self) { group in
      for index in certificates.indices { group.addTask { pse("trust", "add", "/client.pse", "/new\(index).pem") } }
      return await group.reduce(into: [Int32]()) { $0.append($1) }
    }
    #expect(codes.allSatisfy { $0 == 0 })
    #expect(Set(PSETrustList.certificates(in: try content("client.pse").trust)) == Set(certificates))
    #expect(try HostFiles().list(folder.path).allSatisfy { !$0.hasPrefix(".") }, "no lock file stays")
  }

  @Test func `who holds the folder too long is told of`() throws {
    let holder = try FileLock.acquire(onFolder: folder.path, within: .zero)
    #expect(throws: Refusal.self) { try lend("client.pse") }
    _ = consume holder
    try lend("client.pse")
  }

  private func lend(_ name: String) throws {
    try PSEOnDisk.changing(path(name), PINOptions.parse([]), within: .zero) { _ in }
  }

  @Test func `attributes of the file stay`() throws {
    let file = folder.file("client.pse")
    let value = FileAttribute(name: "user.note", value: Array("of abcadm".utf8))
    guard try mark(file, value) else { return }
    #expect(pse("trust", "add", "/client.pse", "/root.pem") == 0)
    #expect(try HostFiles().attributes(of: file) == [value])
  }

  /// Whether the file has the attribute now: a file system without attributes has none to lose.
  private func mark(_ file: FilePath, _ value: FileAttribute) throws -> Bool {
    let calls = LinuxFileCalls()
    let open = try calls.open(FileLocation(file), for: .reading)
    do {
      try calls.setAttribute(open, value, path: file)
      return true
    } catch {
      guard error.errno == .notSupported else { throw error }
      return false
    }
  }

  // MARK: Trust lists of older writers

  @Test func `entries without signature are shown, removed by subject and replaced by the whole`() throws {
    let other = try TestCA.root("CN=Old Root, O=TS").certificate
    let list = PSETrustList(entries: [.toBeSigned(encoded(root.certificate)), .toBeSigned(encoded(other))])
    try save("old.pse") { $0 + [PSEObject(.trustList, created: .now, value: .trustList(list))] }
    let report = TrustListReport(try content("old.pse").trust)
    for part in [
      "2 certificates, 2 of them without signature", "subject   CN=Old Root, O=TS", "issuer    CN=Old Root, O=TS",
      "serial    \(other.serialNumber)", "valid     ", "key       \(other.publicKey.kind)", "unsigned",
    ] { #expect(report.text.contains(part), "\(part) is not in\n\(report.text)") }
    #expect(!report.text.contains("sha256"))
    let json = try Output.text(of: report, json: true)
    for part in ["\"subject\" : \"CN=Old Root, O=TS\"", "\"unsigned\" : true", "\"number\" : 2"] {
      #expect(json.contains(part), "\(part) is not in\n\(json)")
    }
    #expect(pse("export", "/old.pse", "--trust", "/trust.pem") == 1)
    #expect(try !exists("trust.pem"))
    #expect(pse("trust", "add", "/old.pse", "/root.pem") == 0)
    #expect(try Set(content("old.pse").trust) == [.certificate(root.certificate), .toBeSigned(encoded(other))])
    #expect(pse("export", "/old.pse", "--trust", "/trust.pem") == 0, "what can be exported is")
    #expect(pse("trust", "remove", "/old.pse", "CN=Old Root, O=TS") == 0)
    #expect(try content("old.pse").trust == [.certificate(root.certificate)])
  }

  // MARK: Keys

  @Test func `a key that does not fit is shown with its own length`() throws {
    let stranger = try TestCA.selfSigned("CN=stranger") { $0.keyKind = .rsa(bits: 3072) }
    try save("odd.pse") { objects in
      objects.map {
        isCertificate($0) ? PSEObject(.certificate, created: $0.created, value: .certificate(stranger.certificate)) : $0
      }
    }
    let report = try PSEReport(PSEOnDisk.open(path("odd.pse"), PINOptions.parse([])).document)
    #expect(report.key == "RSA 2048" && report.keyFits == false)
    #expect(report.text.contains("private key: RSA 2048, which is not that of the own certificate"))
    #expect(pse("show", "/odd.pse") == 1)
    #expect(pse("show", "/client.pse") == 0)
    #expect(pse("export", "/odd.pse", "--certificate", "/c.pem") == 0)
    #expect(pse("export", "/odd.pse", "--key", "/k.pem") == 1)
  }

  @Test func `a key without certificate has a length`() throws {
    try save("key.pse") { $0.filter(isKey) }
    let report = try PSEReport(PSEOnDisk.open(path("key.pse"), PINOptions.parse([])).document)
    #expect(report.key == "RSA 2048" && report.keyFits == nil)
    #expect(pse("show", "/key.pse") == 0)
    #expect(pse("export", "/key.pse", "--key", "/k.pem") == 1)
  }

  @Test func `a key of another kind keeps nobody from the certificates`() throws {
    // SEQUENCE { SEQUENCE { id-ecPublicKey }, BIT STRING }
    let value: [UInt8] = [
      0x30, 0x0F, 0x30, 0x09, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x03, 0x02, 0x00, 0x01,
    ]
    let other = try PSEPrivateKey(derEncoded: value)
    try save("ec.pse") { objects in
      objects.map { isKey($0) ? PSEObject(.privateKey, created: $0.created, value: .privateKey(other)) : $0 }
    }
    let text = try PSEReport(PSEOnDisk.open(path("ec.pse"), PINOptions.parse([])).document).text
    #expect(text.contains("private key: elliptic curve, 1.2.840.10045.2.1\n"), "\(text)")
    #expect(pse("export", "/ec.pse", "--certificate", "/c.pem", "--chain", "/all.pem") == 0)
    let chain = try PEMReader.certificates(in: HostFiles().readFile(folder.file("all.pem"), limit: 1 << 20))
    #expect(chain == Self.all(client))
    #expect(pse("export", "/ec.pse", "--key", "/k.pem") == 1)
  }

  // MARK: Export

  @Test func `all files of an export are made, or none`() throws {
    #expect(pse("export", "/client.pse", "--certificate", "/new.pem", "--key", "/key.pem") == 1)
    #expect(try !exists("new.pem"))
    #expect(pse("export", "/client.pse", "--certificate", "/new.pem", "--key", "/nowhere/key.pem") == 1)
    #expect(try !exists("new.pem"))
    #expect(pse("export", "/client.pse", "--certificate", "/x.pem", "--chain", "/./x.pem") == 64)
  }

  // MARK: Create

  @Test func `the password opens an encrypted key, PEM or DER`() async throws {
    for (name, options) in [
      ("sealed.pem", ["pkcs8", "-topk8"]), ("sealed.der", ["pkcs8", "-topk8", "-outform", "DER"]),
      ("old.pem", ["rsa", "-aes256", "-traditional"]),
    ] {
      let made = try await OutsideTool.run(
        "openssl",
        options + ["-in", path("key.pem"), "-out", path(name), "-passout", "file:\(path("password"))"])
      try #require(made.succeeded, "\(made.errors)")
      let arguments = ["create", "--out", "/\(name).pse", "--certificate", "/chain.pem", "--key", "/\(name)"]
      #expect(throws: ToldFailure.self) { try run(arguments) }
      #expect(throws: ToldFailure.self) { try run(arguments + ["--empty-password"]) }
      try run(arguments + ["--password-file", "/password"])
      #expect(try content("\(name).pse").certificate == client.certificate)
    }
  }

  @Test func `certificate and key may be DER, and a chain PKCS 7`() async throws {
    try folder.write("leaf.der", bytes: client.certificate.derBytes)
    try folder.write("key.der", bytes: client.key.pkcs8DER().copyBytes())
    for form in ["PEM", "DER"] {
      let made = try await OutsideTool.run(
        "openssl",
        ["crl2pkcs7", "-nocrl", "-certfile", path("chain.pem"), "-outform", form, "-out", path("\(form).p7b")])
      try #require(made.succeeded, "\(made.errors)")
      let arguments = ["create", "--out", "/\(form).pse", "--certificate", "/leaf.der", "--key", "/key.der"]
      try run(arguments + ["--trust", "/\(form).p7b"])
      #expect(Set(PSETrustList.certificates(in: try content("\(form).pse").trust)) == Set(Self.all(client)))
    }
    // As some authorities label it.
    let text = String(decoding: try HostFiles().readFile(folder.file("PEM.p7b"), limit: 1 << 20), as: UTF8.self)
    try folder.write("certnew.p7b", text.replacing("PKCS7", with: "CERTIFICATE"))
    #expect(pse("trust", "add", "/client.pse", "/certnew.p7b") == 0)
    #expect(try content("client.pse").trust.count == 3)
  }

  @Test func `the key of an issuer is not taken where the leaf is beside it`() throws {
    try folder.write("issuing.pem", bytes: issuing.key.pem(.pkcs8).copyBytes())
    #expect(pse("create", "--out", "/ca.pse", "--certificate", "/chain.pem", "--key", "/issuing.pem") == 1)
    #expect(try !exists("ca.pse"))
    try folder.write("above.pem", Self.all(issuing).map { PEMBlock($0).text }.joined())
    #expect(pse("create", "--out", "/ca.pse", "--certificate", "/above.pem", "--key", "/issuing.pem") == 0)
  }

  @Test func `of a PFX with two keys one is chosen by name`() async throws {
    // With the key of the other: the pairs of the file tell which certificate is meant.
    let second = try issuing.leaf { $0.keyKind = .rsa(bits: 2048) }
    let store = path("two.p12")
    for (name, identity) in [("first", client), ("second", second)] {
      let bytes = try PKCS12.encode(
        key: identity.key, leaf: identity.certificate, issuers: identity.issuers, alias: name,
        password: SecretBytes(copying: "a password".utf8), profile: .modern)
      try folder.write("\(name).p12", bytes: bytes.copyBytes())
      let merged = try await OutsideTool.run(
        "keytool",
        [
          "-importkeystore", "-noprompt", "-srckeystore", path("\(name).p12"), "-srcstoretype", "PKCS12",
          "-srcstorepass:file", path("password"), "-destkeystore", store, "-deststoretype", "PKCS12",
          "-deststorepass:file", path("password"),
        ])
      try #require(merged.succeeded, "\(merged.everything)")
    }
    let arguments = ["create", "--from", "/two.p12", "--password-file", "/password"]
    #expect(throws: ToldFailure.self) { try run(arguments + ["--out", "/none.pse"]) }
    #expect(throws: ToldFailure.self) { try run(arguments + ["--out", "/none.pse", "--alias", "third"]) }
    #expect(try !exists("none.pse"))
    try run(arguments + ["--out", "/a.pse", "--alias", "first"])
    try run(arguments + ["--out", "/b.pse", "--alias", "SECOND"])
    #expect(try content("a.pse").certificate == client.certificate)
    #expect(try content("b.pse").certificate == second.certificate)
  }

  @Test func `a file of another kind is named`() throws {
    let pfx = try PKCS12.encode(
      key: client.key, leaf: client.certificate, issuers: client.issuers, alias: nil,
      password: SecretBytes(copying: "a password".utf8), profile: .modern)
    let files: [(bytes: [UInt8], forPSE: String, forPFX: String)] = [
      (pfx.copyBytes(), "pse create --from", "it is a PFX"),
      (
        Array("# a chain\n\(PEMBlock(root.certificate).text)".utf8), "PEM file (CERTIFICATE)", "--certificate and --key"
      ),
      (root.certificate.derBytes, "it is a certificate", "certificates only"),
      ([0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2], "keytool", "keytool"),
      (try HostFiles().readFile(folder.file("client.pse"), limit: 1 << 20), "it is a PSE", "it is a PSE already"),
    ]
    for (bytes, forPSE, forPFX) in files {
      let kind = try #require(FileKind(SecretBytes(copying: bytes)))
      #expect(kind.adviceForPSE.contains(forPSE) && kind.adviceForPFX.contains(forPFX), "\(kind)")
    }
    #expect(FileKind(SecretBytes(copying: [1, 2, 3])) == nil)
    try folder.write("a.pfx", bytes: pfx.copyBytes())
    #expect(throws: Refusal.self) { try PSEOnDisk.open(path("a.pfx"), PINOptions.parse([])) }
    #expect(pse("create", "--out", "/x.pse", "--from", "/a.pfx") == 1, "there is no password and nobody to ask")
  }

  @Test(arguments: [
    ["create", "--out", "x", "--trust", "a", "--alias", "b"],
    ["create", "--out", "x", "--trust", "a", "--password-file", "b"],
  ])
  func `options that go with nothing end with 64`(arguments: [String]) {
    do {
      try run(arguments)
      Issue.record("\(arguments) were taken")
    } catch {
      #expect(Certrotd.exitStatus(of: error) == 64)
    }
  }
}
