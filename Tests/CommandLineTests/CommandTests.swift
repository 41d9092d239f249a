// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import Foundation
import Host
import Keystores
import OpenSSLBridge
import Rotation
import SystemPackage
import TestSupport
import Testing

@testable import CommandLine

/// Commands as they are typed.
struct CommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Carries a command line out; the exit code that it would end with.
  private func certrotd(_ arguments: String...) async -> Int32 { await certrotd(arguments) }

  private func certrotd(_ arguments: [String]) async -> Int32 {
    do {
      var command = try Certrotd.parseAsRoot(arguments)
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

  private func path(_ name: String) -> String { folder.file(name).string }

  private func pse(_ name: String) throws -> KeystoreContent {
    let bytes = try HostFiles().readSecretFile(folder.file(name), limit: 1 << 20)
    return try KeystoreReader.read(.pse(), [RenderedFile(bytes: bytes, holdsSecret: true)]).content
  }

  @Test func `relative paths mean the folder that the command was called in, also for programs that it starts`() throws
  {
    let here = FileManager.default.currentDirectoryPath
    let options = try GlobalOptions.parse(["--config", "certrotd.yaml", "--state", "./state/."])
    #expect(options.configuration.string == "\(here)/certrotd.yaml" && options.layout.root.string == "\(here)/state")
    let absolute = try GlobalOptions.parse(["--config", "/etc/./c.yaml", "--state", "/x/../y"])
    #expect(absolute.configuration == "/etc/c.yaml" && absolute.layout.root == "/x/../y")
  }

  @Test func `a PSE is made and shown`() async throws {
    let root = try TestCA.root()
    let client = try root.intermediate().leaf { $0.keyKind = .rsa(bits: 2048) }
    try folder.write("trust.pem", PEMBlock(root.certificate).text)
    try folder.write("cert.pem", client.chain.map { PEMBlock($0).text }.joined())
    try folder.write("key.pem", bytes: client.key.pem(.pkcs8).copyBytes())

    #expect(
      await certrotd(
        "pse", "create", "--out", path("issued.pse"), "--certificate", path("cert.pem"), "--key", path("key.pem"),
        "--trust", path("trust.pem")) == 0)
    #expect(await certrotd("pse", "create", "--out", path("own.pse"), "--subject", "CN=own") == 0)
    #expect(await certrotd("pse", "create", "--out", path("trust.pse"), "--trust", path("trust.pem")) == 0)
    #expect(try pse("issued.pse").identity?.certificate == client.certificate)
    #expect(try pse("issued.pse").trust == [root.certificate])
    #expect(try pse("own.pse").identity?.certificate.subject.description == "CN=own")
    #expect(try pse("trust.pse").identity == nil)
    #expect(try HostFiles().status(of: folder.file("own.pse")).mode == .ownerReadWrite)
    for name in ["issued.pse", "own.pse", "trust.pse"] {
      #expect(await certrotd("pse", "show", path(name)) == 0)
      #expect(await certrotd("pse", "show", path(name), "--json") == 0)
    }
    #expect(await certrotd("pse", "create", "--out", path("own.pse"), "--subject", "CN=x") != 0, "it exists")
    #expect(try pse("own.pse").identity?.certificate.subject.description == "CN=own")
    #expect(await certrotd("pse", "show", path("cert.pem")) == 1)
    #expect(await certrotd("pse", "show", path("absent")) == 1)
  }

  @Test(arguments: [
    ["pse", "create", "--out", "x"], ["pse", "create", "--out", "x", "--key", "k"],
    ["pse", "create", "--out", "x", "--subject", "CN=x", "--bits", "1024"],
    ["pse", "create", "--out", "x", "--subject", "CN=x", "--days", "0"], ["history", "x", "--limit", "0"],
    ["plan", "--days", "-1"], ["status", "--nonsense"], ["nonsense"], ["fetch"],
  ])
  func `a wrong command line ends with 64`(arguments: [String]) {
    do {
      _ = try Certrotd.parseAsRoot(arguments)
      Issue.record("\(arguments) were taken")
    } catch {
      #expect(Certrotd.exitStatus(of: error) == 64)
    }
  }

  @Test func `check-config tells good from bad`() async throws {
    try folder.write("good.yaml", "endpoints:\n  a: {url: https://a.example}\n")
    try folder.write("bad.yaml", "endpoints:\n  a: {uri: https://a.example}\n")
    #expect(await certrotd("check-config", "--config", path("good.yaml"), "--state", path("state")) == 0)
    #expect(await certrotd("check-config", "--config", path("bad.yaml"), "--state", path("state")) == 78)
    #expect(await certrotd("check-config", "--config", path("absent.yaml"), "--state", path("state")) == 78)
    #expect(await certrotd("check-config", "--config", path("good.yaml"), "--user", "no-such-user") == 1)
  }

  @Test func `fetch judges a server and saves the path`() async throws {
    let root = try TestCA.root()
    let leaf = try root.intermediate().leaf { $0.addresses = ["127.0.0.1"] }
    let server = try TLSServer(
      identity: TLSServerIdentity(leaf))
    try folder.write("root.pem", PEMBlock(root.certificate).text)
    let address = "127.0.0.1:\(server.port)"
    #expect(await certrotd("fetch", address, "--anchors", path("root.pem"), "--save", path("chain.pem"), "--json") == 0)
    let saved = try PEMReader.certificates(in: HostFiles().readFile(folder.file("chain.pem"), limit: 1 << 20))
    #expect(saved == [leaf.certificate] + leaf.issuers)

    let other = try TestCA.root("CN=Other")
    try folder.write("other.pem", PEMBlock(other.certificate).text)
    #expect(await certrotd("fetch", address, "--anchors", path("other.pem")) == 1)
    try folder.write("empty.pem", "nothing\n")
    for file in ["absent.pem", "empty.pem"] {
      let words = ["fetch", address, "--anchors", path(file)]
      let refusal = await #expect(throws: Refusal.self) {
        try await #require(Certrotd.parseAsRoot(words) as? FetchCommand).run()
      }
      #expect(refusal?.description.contains("--anchors \(path(file))") == true, "\(String(describing: refusal))")
    }
    server.setBehaviour(.closeAtAccept)
    #expect(await certrotd("fetch", address, "--anchors", path("root.pem")) == 1)
    for words in [["not a server"], ["a", "--server-name", "https://a"], ["a", "--proxy", "a"]] {
      #expect(throws: (any Error).self) { try Certrotd.parseAsRoot(["fetch"] + words) }
    }
    #expect(await certrotd("fetch", "not a server") == 64)
  }

  @Test func `fetch knows the endpoints of the configuration, and takes a name and a proxy`() async throws {
    let root = try TestCA.root()
    let leaf = try root.intermediate().leaf(dns: "api.example")
    let server = try TLSServer(identity: TLSServerIdentity(leaf))
    try folder.write("root.pem", PEMBlock(root.certificate).text)
    let address = "127.0.0.1:\(server.port)"
    try folder.write(
      "certrotd.yaml",
      """
      endpoints:
        cloud: {url: api.example, connect-to: "\(address)", anchors: {bundle: \(path("root.pem"))}}
      """)
    let options = ["--config", path("certrotd.yaml"), "--state", path("state")]
    func fetch(_ words: String...) async throws -> Int32 {
      let command = try #require(Certrotd.parseAsRoot(["fetch"] + words + options) as? FetchCommand)
      do {
        try await command.run()
        return 0
      } catch {
        return Certrotd.exitStatus(of: error)
      }
    }
    #expect(try await fetch("cloud") == 0)
    #expect(try await fetch("cloud", "--server-name", "other.example") == 1)
    #expect(try await fetch(address, "--anchors", path("root.pem")) == 1, "the address is not in the certificate")
    #expect(try await fetch(address, "--anchors", path("root.pem"), "--server-name", "api.example") == 0)
    let closed = try ClosedPort()
    #expect(try await fetch("cloud", "--proxy", "http://127.0.0.1:\(closed.port)") == 1)
  }

  @Test func `a thing that is not there is no mistake of the command line`() throws {
    try folder.write("good.yaml", "endpoints:\n  a: {url: https://a.example}\n")
    let error = #expect(throws: Refusal.self) {
      let command = try Certrotd.parseAsRoot(["check-config", "--user", "no-such-user", "--config", path("good.yaml")])
      let check = try #require(command as? CheckConfigCommand)
      try check.run()
    }
    let text = Certrotd.fullMessage(for: try #require(error))
    #expect(!text.contains("Usage"), "\(text)")
  }

  @Test func `a service key is imported once, and its file comes back`() async throws {
    let root = try TestCA.root()
    let key = try root.intermediate().leaf { $0.keyKind = .rsa(bits: 2048) }
    let pem = String(decoding: try key.key.pem(.pkcs8).copyBytes(), as: UTF8.self)
    let members = ["certificate": key.chain.map { PEMBlock($0).text }.joined(), "key": pem]
    try folder.write("download.json", bytes: JSONEncoder().encode(members))
    try folder.write("root.pem", PEMBlock(root.certificate).text)
    try folder.write(
      "certrotd.yaml",
      """
      service-keys: {sender: {from: {file: \(path("sender.json"))}, verify: none}}
      keystores:
        sender: {identity: {service-key: sender}, trust: {bundles: [\(path("root.pem"))]}, files: [{pse: {path: a.pse}}]}
      """)
    try HostFiles().makeDirectory(at: folder.file("state"), mode: .ownerReadWriteExecute)
    func imported() async -> Int32 {
      await certrotd(
        "key", "import", path("download.json"), "--config", path("certrotd.yaml"), "--state", path("state"))
    }
    #expect(await imported() == 0)
    let placed = folder.file("sender.json")
    let download = try HostFiles().readSecretFile(folder.file("download.json"), limit: 1 << 20)
    #expect(try HostFiles().readSecretFile(placed, limit: 1 << 20) == download)
    #expect(try HostFiles().status(of: placed).mode == [.ownerReadWrite, .groupRead])
    try HostFiles().removeTree(at: placed)
    #expect(await imported() == 0)
    #expect(try HostFiles().readSecretFile(placed, limit: 1 << 20) == download)
  }

  /// As the daemon does: `verify` asks a platform whose authority stands in no other store.
  @Test(arguments: [true, false])
  func `an imported key is verified by the store that the environment names`(isNamed: Bool) async throws {
    let root = try TestCA.root()
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    let server = try TLSServer(identity: TLSServerIdentity(root.leaf()), behaviour: .answer(Array(answer.utf8)))
    let key = try root.intermediate().leaf { $0.keyKind = .rsa(bits: 2048) }
    let pem = String(decoding: try key.key.pem(.pkcs8).copyBytes(), as: UTF8.self)
    let members = ["certificate": key.chain.map { PEMBlock($0).text }.joined(), "key": pem]
    try folder.write("download.json", bytes: JSONEncoder().encode(members))
    try folder.write("root.pem", PEMBlock(root.certificate).text)
    try folder.write(
      "certrotd.yaml",
      """
      service-keys:
        sender: {from: {file: \(path("sender.json"))}, proxy: none, verify: {request: "https://localhost:\(server.port)/"}}
      keystores:
        sender: {identity: {service-key: sender}, trust: {bundles: [\(path("root.pem"))]}, files: [{pse: {path: a.pse}}]}
      """)
    try HostFiles().makeDirectory(at: folder.file("state"), mode: .ownerReadWriteExecute)
    let process = Process()
    process.executableURL = try Self.program()
    process.arguments = [
      "key", "import", path("download.json"), "--config", path("certrotd.yaml"), "--state", path("state"),
    ]
    process.environment = isNamed ? ["SSL_CERT_FILE": path("root.pem")] : [:]
    process.standardOutput = FileHandle.nullDevice
    let complaint = Pipe()
    process.standardError = complaint
    try process.run()
    let said = String(decoding: try complaint.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == (isNamed ? 0 : 1), "\(said)")
  }

  /// The tests stand beside it.
  private static func program() throws -> URL {
    let folder = try HostFiles().readLink("/proc/self/exe").removingLastComponent()
    return URL(filePath: folder.appending("certrotd").string)
  }

  /// Root's downloads lie where others may look.
  @Test func `an imported key never lies where others can read it`() async throws {
    let files = HostFiles()
    let key = try TestCA.root().intermediate().leaf { $0.keyKind = .rsa(bits: 2048) }
    let pem = String(decoding: try key.key.pem(.pkcs8).copyBytes(), as: UTF8.self)
    let members = ["certificate": key.chain.map { PEMBlock($0).text }.joined(), "key": pem]
    try folder.write("download.json", bytes: JSONEncoder().encode(members))
    try folder.write("root.pem", PEMBlock(try #require(key.issuers.last)).text)
    try folder.write(
      "certrotd.yaml",
      """
      service-keys: {sender: {from: {file: \(path("sender.json"))}, verify: none}}
      keystores:
        sender: {identity: {service-key: sender}, trust: {bundles: [\(path("root.pem"))]}, files: [{pse: {path: a.pse}}]}
      """)
    try files.makeDirectory(at: folder.file("state"), mode: .ownerReadWriteExecute)
    let arguments = [
      "key", "import", path("download.json"), "--config", path("certrotd.yaml"), "--state", path("state"), "--force",
    ]
    func imported() async -> Int32 { await certrotd(arguments) }
    try folder.write("elsewhere.json", "{}")
    try FileManager.default.createSymbolicLink(atPath: path("sender.json"), withDestinationPath: "elsewhere.json")
    #expect(await imported() == 1)
    #expect(try files.linkStatus(of: folder.file("sender.json")).kind == .symbolicLink)
    #expect(try files.readFile(folder.file("elsewhere.json"), limit: 100) == Array("{}".utf8))

    try files.removeTree(at: folder.file("sender.json"))
    try files.replaceFile(
      at: folder.file("sender.json"), mode: [.ownerReadWrite, .groupReadWrite, .otherRead],
      contents: SecretBytes(copying: "{}".utf8))
    #expect(await imported() == 0)
    #expect(try files.linkStatus(of: folder.file("sender.json")).mode == [.ownerReadWrite, .groupRead])
  }

  @Test func `no command leaves a core file`() async throws {
    let server = try TLSServer(identity: TLSServerIdentity(TestCA.selfSigned("CN=a")), behaviour: .silent)
    let process = Process()
    process.executableURL = try Self.program()
    try self.folder.write("patient.yaml", "endpoints:\n  a: {url: \"127.0.0.1:\(server.port)\", timeout: 5m}\n")
    process.arguments = ["fetch", "a", "--config", path("patient.yaml"), "--state", path("state")]
    process.standardError = FileHandle.nullDevice
    try process.run()
    await server.acceptedConnections(reach: 1)
    let limits = try HostFiles().readFile(FilePath("/proc/\(process.processIdentifier)/limits"), limit: 1 << 16)
    server.stop()
    process.waitUntilExit()
    let core = String(decoding: limits, as: UTF8.self).split(separator: "\n").first {
      $0.hasPrefix("Max core file size")
    }
    #expect(core?.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
    #expect(process.terminationStatus == 1)
  }

  @Test func `commands that read say so when there is no ledger`() async throws {
    try folder.write("good.yaml", "endpoints:\n  a: {url: https://a.example}\n")
    try HostFiles().makeDirectory(at: folder.file("state"), mode: .ownerReadWriteExecute)
    for command in ["status", "plan"] {
      #expect(await certrotd(command, "--config", path("good.yaml"), "--state", path("state")) == 1, "\(command)")
    }
  }

  @Test func `commands that ask the daemon say so when none runs`() async throws {
    for command in [["renew", "x"], ["key", "list", "x"], ["key", "adopt", "x", "g"]] {
      do {
        var parsed = try #require(
          try Certrotd.parseAsRoot(command + ["--state", path("state")]) as? any AsyncParsableCommand)
        try await parsed.run()
        Issue.record("\(command) worked without a daemon")
      } catch {
        #expect(Certrotd.exitStatus(of: error) == 69, "\(command)")
        let object = Certrotd.errorObject(of: error, after: command + ["--json"])
        #expect(object?.contains("\"exit-code\" : 69") == true, "\(object ?? "nothing")")
      }
    }
  }

  @Test(arguments: [
    (["nonsense"], "after certrotd comes one of run, check-config"), (["key", "nonsense"], "after certrotd key comes"),
    (["pse", "trust", "nonsense"], "after certrotd pse trust comes one of list, add, remove"),
  ])
  func `a command that does not exist is told with those that do`(words: [String], text: String) async {
    do {
      try await Certrotd.run(words)
      Issue.record("\(words) was carried out")
    } catch {
      #expect(Certrotd.exitStatus(of: error) == 64)
      #expect("\(error)".contains("there is no command nonsense: \(text)"), "\(error)")
    }
  }

  @Test func `a command's words stay what they are`() throws {
    for words in [["help", "status"], ["--version"], ["key", "list", "nonsense"], ["status", "--json"]] {
      try MistakenArguments.check(words)
    }
  }

  @Test func `help is broken into lines once`() {
    let help = Certrotd.helpMessage(for: StatusCommand.self, columns: 60)
    let lines = help.split(separator: "\n").map(String.init)
    let prose = lines.filter { $0.first != " " && !$0.hasPrefix("USAGE:") }
    #expect(prose.allSatisfy { $0.count <= 60 })
    // A line that was broken twice leaves a short one behind.
    let exits = lines.drop { !$0.hasPrefix("EXIT CODES") }.prefix { !$0.hasPrefix("EXAMPLES") }.dropLast()
    #expect(exits.count > 3 && exits.allSatisfy { $0.count > 40 }, "\(help)")
    #expect(HelpText.flowing("a\nb\n\nc:\n  d\n  e") == "a b\n\nc:\n  d\n  e")
  }

  @Test func `status knows whether a daemon works on the state`() throws {
    let state = folder.file("state")
    #expect(DaemonPresence.look(StateLayout(root: state)) == .unknown, "there is no such folder")
    try HostFiles().makeDirectory(at: state, mode: .ownerReadWriteExecute)
    #expect(DaemonPresence.look(StateLayout(root: state)) == .stopped)
    guard let lock = try FileLock.acquire(onFolder: state, within: .zero) else {
      Issue.record("somebody holds the lock")
      return
    }
    #expect(DaemonPresence.look(StateLayout(root: state)) == .running)
    lock.release()
    #expect(DaemonPresence.look(StateLayout(root: state)) == .stopped)
  }

  @Test func `the daemon makes no folder above its state`() async throws {
    let state = path("misspelt/state")
    #expect(await certrotd("run", "--config", path("absent.yaml"), "--state", state) == 78)
    try folder.write("good.yaml", "endpoints: {}")
    #expect(await certrotd("run", "--config", path("good.yaml"), "--state", state) == 1)
    #expect(try HostFiles().linkStatusIfPresent(of: folder.file("misspelt")) == nil)
  }

  @Test func `every command has examples in its help`() {
    func check(_ command: any ParsableCommand.Type, _ words: [String]) {
      let subcommands = command.configuration.subcommands
      if subcommands.isEmpty || words.isEmpty {
        let help = Certrotd.helpMessage(for: command)
        #expect(help.contains("EXAMPLES:"), "\(words)")
        #expect(words.first == "pse" || help.contains("EXIT CODES:"), "\(words)")
        #expect(words.isEmpty || help.contains("certrotd " + words.joined(separator: " ")))
      }
      for subcommand in subcommands { check(subcommand, words + [subcommand._commandName]) }
    }
    check(Certrotd.self, [])
  }
}
