// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import FoundationEssentials
import Host
import Keystores
import OpenSSLBridge
import PSEFormat
import SystemPackage
import TestSupport
import Testing

@testable import CommandLine

/// The commands that change PSE files, as they are typed.
struct PSECommandTests {
  private let folder: TemporaryFolder
  private let root: TestIdentity
  private let client: TestIdentity

  init() throws {
    folder = try TemporaryFolder()
    root = try TestCA.root()
    client = try root.intermediate().leaf { $0.keyKind = .rsa(bits: 2048) }
    try folder.write("root.pem", PEMBlock(root.certificate).text)
    try folder.write("other.pem", PEMBlock(TestCA.root("CN=Other, O=TS, C=DE").certificate).text)
    try folder.write("cert.pem", client.chain.map { PEMBlock($0).text }.joined())
    try folder.write("key.pem", bytes: client.key.pem(.pkcs8).copyBytes())
    try folder.write("pin", bytes: Array("1234\n".utf8))
    try folder.write("pin2", bytes: Array("other PIN".utf8))
  }

  private func path(_ name: String) -> String { folder.file(name).string }

  /// Carries `certrotd pse …` out, with each argument that begins with a slash as a file of the folder; the exit code.
  private func pse(_ arguments: String...) async -> Int32 {
    do {
      let typed = ["pse"] + arguments.map { $0.hasPrefix("/") ? path(String($0.dropFirst())) : $0 }
      var command = try Certrotd.parseAsRoot(typed)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return 0
    } catch {
      return Certrotd.exitStatus(of: error)
    }
  }

  private func bytes(_ name: String) throws -> SecretBytes {
    try HostFiles().readSecretFile(folder.file(name), limit: 1 << 20)
  }

  private func open(_ name: String, pin: String? = nil) throws -> PSEDocument {
    try PSEDocument.open(bytes(name), pin: pin.map { SecretBytes(copying: $0.utf8) })
  }

  private func make(_ name: String, _ more: String...) async -> Int32 {
    do {
      var command = try Certrotd.parseAsRoot(
        [
          "pse", "create", "--out", path(name), "--certificate", path("cert.pem"), "--key", path("key.pem"), "--trust",
          path("root.pem"),
        ] + more)
      try command.run()
      return 0
    } catch {
      return Certrotd.exitStatus(of: error)
    }
  }

  @Test func `convert changes version and PIN and nothing else, and keeps owner and mode`() async throws {
    #expect(await make("a.pse") == 0)
    let original = try open("a.pse").content
    let changes: [([String], version: PSEVersion, pin: String?)] = [
      (["--version", "4"], .four, nil), (["--new-pin-file", path("pin")], .four, "1234"),
      (["--pin-file", path("pin"), "--version", "2"], .two, "1234"),
      (["--pin-file", path("pin"), "--new-pin-file", path("pin2")], .two, "other PIN"),
      (["--pin-file", path("pin2"), "--no-pin"], .two, nil),
    ]
    try HostFiles().replaceFile(
      at: folder.file("a.pse"), mode: FilePermissions(rawValue: 0o640), contents: bytes("a.pse"))
    for (arguments, version, pin) in changes {
      var command = try Certrotd.parseAsRoot(["pse", "convert", path("a.pse")] + arguments)
      try command.run()
      let document = try open("a.pse", pin: pin)
      #expect(document.version == version && document.isPINProtected == (pin != nil))
      #expect(document.content.objects == original.objects && document.content.created == original.created)
      #expect(try HostFiles().status(of: folder.file("a.pse")).mode == FilePermissions(rawValue: 0o640))
    }
  }

  @Test func `a wrong PIN, none, or one that others can read leaves the file as it is`() async throws {
    #expect(await make("a.pse", "--new-pin-file", path("pin"), "--version", "4") == 0)
    let before = try bytes("a.pse")
    try folder.write("open-pin", "1234")
    #expect(await pse("show", "/a.pse", "--pin-file", "/pin") == 0)
    #expect(await pse("show", "/a.pse", "--pin-file", "/pin", "--json") == 0)
    #expect(await pse("trust", "list", "/a.pse", "--pin-file", "/pin") == 0)
    for options in [["--pin-file", path("pin2")], ["--pin-file", path("open-pin")], ["--pin-credential", "absent"]] {
      for words in [["pse", "show"], ["pse", "trust", "list"], ["pse", "convert", "--no-pin"]] {
        do {
          var command = try Certrotd.parseAsRoot(words + [path("a.pse")] + options)
          try command.run()
          Issue.record("\(words) \(options) went well")
        } catch {
          #expect(Certrotd.exitStatus(of: error) == 1)
        }
      }
    }
    #expect(try bytes("a.pse") == before)
  }

  @Test func `trust is added and removed by number, subject and fingerprint`() async throws {
    #expect(await make("a.pse", "--new-pin-file", path("pin")) == 0)
    let identity = try open("a.pse", pin: "1234").content.certificate
    #expect(await pse("trust", "add", "/a.pse", "/other.pem", "/root.pem", "--pin-file", "/pin") == 0)
    var trust = PSETrustList.certificates(in: try open("a.pse", pin: "1234").content.trust)
    #expect(trust.count == 2)
    let before = try bytes("a.pse")
    #expect(await pse("trust", "add", "/a.pse", "/other.pem", "--pin-file", "/pin") == 0)
    #expect(try bytes("a.pse") == before, "nothing was new")

    for missing in ["3", "0", "CN=Nobody", String(repeating: "ab", count: 32)] {
      #expect(await pse("trust", "remove", "/a.pse", "1", missing, "--pin-file", "/pin") == 1)
    }
    #expect(try bytes("a.pse") == before, "all or nothing")
    #expect(await pse("trust", "remove", "/a.pse", "CN=Other, O=TS, C=DE", "--pin-file", "/pin") == 0)
    trust = PSETrustList.certificates(in: try open("a.pse", pin: "1234").content.trust)
    #expect(trust == [root.certificate])
    #expect(await pse("trust", "add", "/a.pse", "/other.pem", "--pin-file", "/pin") == 0)
    #expect(await pse("trust", "remove", "/a.pse", "C=DE, O=TS, CN=Other", "--pin-file", "/pin") == 0, "RFC 4514")
    #expect(await pse("trust", "remove", "/a.pse", root.certificate.fingerprint.description, "--pin-file", "/pin") == 0)
    #expect(try open("a.pse", pin: "1234").content.trust.isEmpty)
    #expect(await pse("trust", "add", "/a.pse", "/root.pem", "--pin-file", "/pin") == 0)
    #expect(await pse("trust", "remove", "/a.pse", "1", "--pin-file", "/pin") == 0)
    #expect(try open("a.pse", pin: "1234").content.certificate == identity)
  }

  @Test func `what would leave an empty file, or a link, is refused`() async throws {
    #expect(await pse("create", "--out", "/t.pse", "--trust", "/root.pem") == 0)
    #expect(await pse("trust", "remove", "/t.pse", "1") == 1)
    #expect(try open("t.pse").content.trust.count == 1)
    try HostFiles().symbolicLink(at: folder.file("link.pse"), target: "t.pse")
    #expect(await pse("trust", "list", "/link.pse") == 0)
    #expect(await pse("trust", "add", "/link.pse", "/other.pem") == 1)
    #expect(try HostFiles().linkStatus(of: folder.file("link.pse")).kind == .symbolicLink)
  }

  @Test func `export gives what openssl reads, and create takes it back`() async throws {
    #expect(await make("a.pse") == 0)
    #expect(
      await pse(
        "export", "/a.pse", "--certificate", "/c.pem", "--chain", "/chain.pem", "--trust", "/t.pem", "--key", "/k.pem")
        == 0)
    #expect(await pse("export", "/a.pse", "--key", "/sealed.pem", "--pfx", "/a.pfx", "--password-file", "/pin") == 0)
    #expect(await pse("export", "/a.pse", "--key", "/k.pem") == 1, "it exists")
    #expect(try PEMReader.certificates(in: bytes("c.pem").copyBytes()) == [client.certificate])
    #expect(try PEMReader.certificates(in: bytes("chain.pem").copyBytes()) == [client.certificate] + client.issuers)
    #expect(try PEMReader.certificates(in: bytes("t.pem").copyBytes()) == [root.certificate])
    #expect(try PrivateKey(pem: bytes("k.pem")).pkcs8DER() == client.key.pkcs8DER())
    for name in ["k.pem", "sealed.pem", "a.pfx"] {
      #expect(try HostFiles().status(of: folder.file(name)).mode == .ownerReadWrite)
    }
    let opened = try await OutsideTool.run(
      "openssl", ["pkey", "-in", path("sealed.pem"), "-passin", "file:\(path("pin"))"])
    #expect(opened.succeeded)
    #expect(try PrivateKey(pem: SecretBytes(copying: opened.output.utf8)).pkcs8DER() == client.key.pkcs8DER())

    #expect(
      await pse("create", "--out", "/b.pse", "--from", "/a.pfx", "--password-file", "/pin", "--new-pin-file", "/pin2")
        == 0)
    let taken = try open("b.pse", pin: "other PIN").read().content.identity
    #expect(taken?.certificate == client.certificate)
    #expect(taken?.issuers == client.issuers)
    #expect(await pse("create", "--out", "/c.pse", "--from", "/a.pfx", "--password-file", "/pin2") == 1)
    #expect(await pse("create", "--out", "/t.pse", "--trust", "/root.pem") == 0)
    for option in ["--certificate", "--chain", "--key"] {
      #expect(await pse("export", "/t.pse", option, "/nothing.pem") == 1)
    }
    #expect(try HostFiles().linkStatusIfPresent(of: folder.file("nothing.pem")) == nil)
  }

  @Test func `issuers come in their order, and a new certificate has begun`() async throws {
    let chain = try root.intermediate().intermediate("CN=Second").intermediate("CN=Third")
    let leaf = try chain.leaf { $0.keyKind = .rsa(bits: 2048) }
    try folder.write("cert.pem", leaf.chain.shuffled().map { PEMBlock($0).text }.joined())
    try folder.write("key.pem", bytes: leaf.key.pem(.pkcs8).copyBytes())
    #expect(await make("deep.pse") == 0)
    #expect(try open("deep.pse").content.issuers == leaf.issuers)

    #expect(await pse("create", "--out", "/own.pse", "--subject", "CN=own") == 0)
    let begin = try #require(try open("own.pse").content.certificate).validity.notBefore
    #expect(begin < Date.now.addingTimeInterval(-3000) && begin > Date.now.addingTimeInterval(-86_400))
  }

  @Test func `show says what sapgenpse says`() async throws {
    #expect(await make("a.pse", "--version", "4") == 0)
    #expect(await pse("trust", "add", "/a.pse", "/other.pem") == 0)
    let text = try PSEReport(open("a.pse")).text
    for part in [
      "PSE version 4", "no PIN", "subject   \(client.certificate.subject)", "issuer    \(client.certificate.issuer)",
      "serial    \(client.certificate.serialNumber)", "key       RSA", "sha256    \(client.certificate.fingerprint)",
      "trust list: 2 certificates", "  1    subject", "  2    subject", "private key: RSA",
    ] { #expect(text.contains(part), "\(part) is not in\n\(text)") }
  }

  @Test func `the keys of JSON stay as they are`() async throws {
    #expect(await make("a.pse") == 0)
    let document = try open("a.pse")
    let top = try keys(of: PSEReport(document))
    #expect(
      top == [
        "version", "pin-protected", "created", "objects", "key", "certificate", "issuers", "trust-list",
        "unsigned-trust", "key-fits",
      ])
    let list = try JSONDecoder().decode(
      [String: [[String: Anything]]].self, from: JSONEncoder().encode(TrustListReport(document.content.trust)))
    #expect(
      list["entries"].map { Set($0.flatMap(\.keys)) } == [
        "number", "subject", "issuer", "serial-number", "not-before", "not-after", "key", "sha256", "alternative-names",
      ])
  }

  private struct Anything: Decodable {
    init(from decoder: any Decoder) throws {}
  }

  private func keys(of value: some Encodable) throws -> Set<String> {
    let top = try JSONDecoder().decode([String: Anything].self, from: JSONEncoder().encode(value))
    return Set(top.keys)
  }

  @Test(arguments: [
    ["convert", "x"], ["convert", "x", "--version", "3"], ["convert", "x", "--no-pin", "--ask-new-pin"],
    ["convert", "x", "--new-pin-file", "a", "--ask-new-pin"],
    ["show", "x", "--pin-file", "a", "--pin-credential", "b"],
    ["show", "x", "--pin", "1234"], ["export", "x"], ["export", "x", "--key", "k", "--empty-password"],
    ["trust", "remove", "x"], ["trust", "remove", "x", "nonsense"], ["trust", "add", "x"],
    ["create", "--out", "x", "--from", "a", "--subject", "CN=a"],
  ])
  func `a wrong command line ends with 64`(arguments: [String]) {
    do {
      _ = try Certrotd.parseAsRoot(["pse"] + arguments)
      Issue.record("\(arguments) were taken")
    } catch {
      #expect(Certrotd.exitStatus(of: error) == 64)
    }
  }
}
