// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import Foundation
import Host
import Keystores
import OpenSSLBridge
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import CommandLine

/// What `certrotd pse …` says of input that cannot be meant so.
struct PSEInputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { folder.file(name).string }

  @Test(arguments: [
    (["pse", "show", "a", "--pin", "geheim"], "--pin-file"),
    (["pse", "show", "a", "--pin=geheim"], "--pin-credential"),
    (["pse", "show", "a", "--ask-pin"], "leave it out"),
    (["pse", "convert", "a", "--new-pin", "geheim"], "--ask-new-pin"),
    (["pse", "create", "--out", "a", "--password", "geheim"], "--password-file"),
    (["pse", "trust", "remove", "a", "-1"], "numbered from 1"), (["plan", "--days", "-1"], "--days takes no negative"),
    (["history", "a", "--limit", "-20"], "--limit takes no negative"), (["rollback", "a", "-3"], "negative number"),
  ])
  func `what the parser would misunderstand is named`(arguments: [String], message: String) {
    let error = #expect(throws: ValidationError.self) { try MistakenArguments.check(arguments) }
    #expect(error?.message.contains(message) == true && error?.message.contains("geheim") == false, "\(arguments)")
  }

  @Test func `what is right passes`() throws {
    try MistakenArguments.check(["pse", "show", "a", "--pin-file", "b", "-h", "-"])
    try MistakenArguments.check(["pse", "trust", "remove", "a", "3", "--", "-1", "--pin"])
  }

  @Test(arguments: [
    (["convert", "a", "--new-pin-credential", "/x"], "--new-pin-file"),
    (["show", "a", "--pin-credential", "/abs/path"], "--pin-file"),
    (["export", "a", "--key", "k", "--password-credential", "/x"], "--password-file"),
    (["create", "--out", "x", "--trust", "a", "--days", "30"], "--subject"),
    (["create", "--out", "x", "--from", "a", "--bits", "3072"], "--subject"),
  ])
  func `an option that means nothing there names the one that does`(arguments: [String], wanted: String) {
    do {
      _ = try Certrotd.parseAsRoot(["pse"] + arguments)
      Issue.record("\(arguments) were taken")
    } catch {
      #expect(Certrotd.exitCode(for: error).rawValue == 64 && Certrotd.message(for: error).contains(wanted))
    }
  }

  private func input() throws -> IdentityInput {
    IdentityInput(password: try PasswordOptions.parse([]), trusted: [], now: .now)
  }

  @Test func `several private keys in one text are refused`() throws {
    let client = try TestCA.root().leaf { $0.keyKind = .rsa(bits: 2048) }
    let other = try TestKeys.make(.rsa(bits: 2048, index: 1))
    try folder.write("certificate.pem", ([client.certificate] + client.issuers).map { PEMBlock($0).text }.joined())
    let (first, second) = (try client.key.pem(.pkcs8).copyBytes(), try other.pem(.pkcs1).copyBytes())
    try folder.write("one.pem", bytes: Array("# mine\n".utf8) + first)
    try folder.write("two.pem", bytes: first + second)
    _ = try input().identity(certificate: path("certificate.pem"), key: path("one.pem"))
    var error: (any Error)?
    do {
      _ = try input().identity(certificate: path("certificate.pem"), key: path("two.pem"))
    } catch let found {
      error = found
    }
    #expect("\(String(describing: error))".contains("it holds 2 private keys"), "\(String(describing: error))")
  }

  @Test func `a DSA key is called so`() throws {
    #expect("\(PublicKeyInfo.Kind.other("1.2.840.10040.4.1"))" == "DSA")
    #expect("\(PublicKeyInfo.Kind.other("1.2.3"))" == "algorithm 1.2.3")
  }

  @Test func `what a PFX holds besides is named`() throws {
    let client = try TestCA.root().intermediate().leaf { $0.keyKind = .rsa(bits: 2048) }
    let other = try TestCA.root("CN=Other").certificate
    let identity = Identity(certificate: client.certificate, key: client.key, issuers: client.issuers)
    func note(_ more: [Certificate], trusted: [Certificate] = []) throws -> String? {
      let password = SecretBytes(copying: "a password".utf8)
      let bytes = try PKCS12.encode(
        key: client.key, leaf: client.certificate, issuers: client.issuers + more, alias: nil, password: password,
        profile: .modern)
      return IdentityInput.leftOut(of: try PKCS12.decode(bytes, password: password), taking: identity, trusted)
    }
    #expect(try note([]) == nil && note([other], trusted: [other]) == nil)
    #expect(
      try note([other])
        == "not taken over: 1 certificate beside the chain (CN=Other); name with --trust what shall be trusted")
  }

  @Test func `the PIN of the file is asked for before the new one`() throws {
    // Nobody can be asked here, so that the order shows in which question fails.
    let content = KeystoreContent(identity: nil, trust: [try TestCA.root().certificate])
    let options = FileFormat.PSEOptions(pin: SecretBytes(copying: "1234".utf8))
    for file in try KeystoreWriter.render(.pse(options), content, now: .now) {
      try folder.write("a.pse", bytes: file.bytes.copyBytes())
    }
    var asked: [String] = []
    #expect(throws: Refusal.self) {
      try PSEOnDisk.changing(path("a.pse"), PINOptions.parse([]), asking: { asked.append("new") }) { _, _ in }
    }
    #expect(asked.isEmpty)
    try folder.write("pin", bytes: Array("1234\n".utf8))
    try PSEOnDisk.changing(
      path("a.pse"), PINOptions.parse(["--pin-file", path("pin")]), asking: { asked.append("new") }
    ) {
      _, _ in asked.append("work")
    }
    #expect(asked == ["new", "work"])
  }

  @Test func `check-config takes note of a PSE that cannot be adopted`() throws {
    let pin = SecretBytes(copying: "1234".utf8)
    let content = KeystoreContent(identity: nil, trust: [try TestCA.root().certificate])
    for (name, options) in [("good.pse", FileFormat.PSEOptions()), ("closed.pse", FileFormat.PSEOptions(pin: pin))] {
      for file in try KeystoreWriter.render(.pse(options), content, now: .now) {
        try folder.write(name, bytes: file.bytes.copyBytes())
      }
    }
    try folder.write("chain.pem", content.trust.map { PEMBlock($0).text }.joined())
    try folder.write("wrong.pin", "4321\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file("wrong.pin").string)
    func warnings(_ file: String, pin: String? = nil) -> [String] {
      let place = Declaration(file: "/etc/c.yaml", line: 4, column: 12)
      let adopt = AdoptionSettings(file: folder.file(file), pin: pin.map { .file(folder.file($0)) }, declared: place)
      return AdoptionNotes.lines(
        for: Configuration(keystores: [KeystoreSettings(name: "client", adopt: adopt, files: [])]))
    }
    #expect(warnings("good.pse") == [])
    let wrong = warnings("closed.pse", pin: "wrong.pin")
    #expect(wrong.count == 1 && wrong[0].contains("cannot be taken over: the PIN does not open"), "\(wrong)")
    for (file, message) in [
      ("absent.pse", "does not exist"), ("closed.pse", "'pin-credential'"), ("chain.pem", "it is a PEM file"),
    ] {
      let found = warnings(file)
      #expect(found.count == 1 && found[0].hasPrefix("/etc/c.yaml:4:12: note: keystores.client.adopt: "), "\(found)")
      #expect(found[0].contains(message), "\(found)")
    }
  }
}
