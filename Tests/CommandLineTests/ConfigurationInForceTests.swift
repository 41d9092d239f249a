// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import ChainFetch
import Foundation
import Host
import Journal
import Ledger
import Logging
import Planning
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import CommandLine
@testable import Rotation

/// Commands while the configuration on disk has mistakes, and about what it has no longer.
struct ConfigurationInForceTests {
  private let folder: TemporaryFolder
  private let server: TLSServer

  init() throws {
    folder = try TemporaryFolder()
    let root = try TestCA.root()
    server = try TLSServer(identity: TLSServerIdentity(try root.intermediate().leaf(dns: "localhost")))
    try folder.write("root.pem", PEMBlock(root.certificate).text)
  }

  private func configure(_ more: String = "", keystores: [String] = ["client"]) throws {
    let files = keystores.map {
      "  \($0): {trust: {bundles: [\(folder.file("root.pem"))]}, files: [{pse: {path: client.pse}}]}\n"
    }
    try folder.write(
      "certrotd.yaml",
      """
      endpoints:
        shop: {url: "localhost:\(server.port)", anchors: {bundle: \(folder.file("root.pem"))}, timeout: 5m, proxy: none}
      keystores:
      \(files.joined())\(more)
      """)
  }

  private var options: [String] {
    ["--config", folder.file("certrotd.yaml").string, "--state", folder.file("state").string]
  }

  /// Lets a daemon put the configuration in force and do all that is due, and ends it.
  private func runDaemon() async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let daemon = Daemon(
      configuration: folder.file("certrotd.yaml"), layout: StateLayout(root: folder.file("state")),
      credentialsFolder: nil, clock: SystemWallClock(), logger: logger,
      notifier: ServiceManagerNotifier(logger: logger), version: "1")
    let accepted = try daemon.readConfiguration()
    let lock = try daemon.takeState()
    let (context, services) = try await daemon.prepare(accepted)
    for _ in 1...5 {
      for work in await context.landscape.plan(now: context.clock.now()).due
      where await context.landscape.begin(work.work) {
        try await services.dispatcher.run(work)
        await context.landscape.end(CollectionOfOne(work.work))
      }
    }
    services.fetcher.shutDown()
    try context.ledger.close()
    lock.release()
  }

  private func exitCode(_ words: String...) async -> Int32 {
    do {
      var command = try Certrotd.parseAsRoot(words + options)
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
      return 0
    } catch {
      return Certrotd.exitStatus(of: error)
    }
  }

  @Test func `commands go by the configuration that was accepted last`() async throws {
    try configure()
    try await runDaemon()
    try configure("  broken: {}\n")
    let bench = try await Workbench.open(try GlobalOptions.parse(options), access: .readOnly, by: .inForce)
    #expect(bench.mistakes > 0 && bench.configuration.keystores.map(\.name) == ["client"])
    bench.close()
    for words in [
      ["show", "shop"], ["show", "client", "--json"], ["history", "client"], ["plan"], ["verify", "client"],
    ] {
      var command = words
      command.append(contentsOf: options)
      #expect(await exitCode(of: command) == 0, "\(words)")
    }
    #expect(await exitCode("status") == 1, "a mistake is something that an operator should know")
    #expect(await exitCode("rollback", "client") == 1, "there is no earlier generation, and that is all")
    #expect(await exitCode("check-config") == 78)
    #expect(await exitCode("key", "import", folder.file("root.pem").string) == 78)
    try HostFiles().removeTree(at: folder.file("certrotd.yaml"))
    #expect(await exitCode("plan") == 0, "the file may be gone altogether")
  }

  private func exitCode(of words: [String]) async -> Int32 {
    do {
      var command = try Certrotd.parseAsRoot(words)
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
      return 0
    } catch {
      return Certrotd.exitStatus(of: error)
    }
  }

  @Test func `a typing error in the path is one, and so is a file that no daemon accepted`() async throws {
    try configure()
    try await runDaemon()
    try folder.write("other.yaml", "endpoints: 7\n")
    for name in ["certrotd.yml", "other.yaml"] {
      let words = ["status", "--config", folder.file(name).string, "--state", folder.file("state").string]
      #expect(await exitCode(of: words) == 78, "\(name)")
    }
  }

  @Test func `what was removed has a history and can be shown`() async throws {
    try configure(keystores: ["client", "old"])
    try await runDaemon()
    try configure()
    try await runDaemon()
    #expect(await exitCode("history", "old") == 0)
    #expect(await exitCode("show", "old", "--json") == 0)
    #expect(await exitCode("show", "never-was") == 1)
    let bench = try await Workbench.open(try GlobalOptions.parse(options), access: .readOnly, by: .inForce)
    defer { bench.close() }
    let old = try #require(try await bench.subjects(named: "old").first)
    #expect(old.subject == .keystore("old") && old.removal?.at != nil)
    #expect(try await bench.subjects(named: "client").map { $0.removal == nil } == [true])
    var report = HistoryReport()
    report.add(try #require(old.removal))
    #expect(report.text.hasPrefix("keystore old was removed from the configuration at 2"))
  }

  @Test func `the history of two things of one name is in one order`() {
    func entry(_ seconds: TimeInterval, _ kind: LedgerSubject.Kind) -> HistoryEntry {
      HistoryEntry(
        at: Date(timeIntervalSince1970: seconds), subject: LedgerSubject(kind, "x"), event: "e\(Int(seconds))",
        message: "m")
    }
    var report = HistoryReport()
    report.add(.endpoint("x"), [entry(9, .endpoint), entry(5, .endpoint), entry(1, .endpoint)])
    report.add(.keystore("x"), [entry(7, .keystore), entry(2, .keystore)])
    #expect(report.events.map(\.event) == ["e9", "e7", "e5", "e2", "e1"])
    report.keep(newest: 2)
    #expect(report.events.map(\.event) == ["e9", "e7"])
  }

  @Test func `the history of a keystore says why a generation failed, and has no table without rows`() async throws {
    let ledger = try LedgerStore.open(
      at: folder.file("ledger.sqlite3"), sealing: .file(folder.file("ledger.key")), access: .readWrite, now: Date()
    ).store
    let plan = NewGeneration(keystore: "x", recipe: "r", leaf: nil, trust: [], reason: "the trust list lacks CN=a")
    let number = try await ledger.beginGeneration(plan, at: Date())
    try await ledger.markGeneration("x", number, .failed("the disk is full"), at: Date())
    var report = HistoryReport()
    report.add(try await ledger.generations("x", limit: 9))
    try ledger.close()
    #expect(report.generations.first?.outcome == "the disk is full")
    #expect(report.text.hasSuffix("the trust list lacks CN=a; failed: the disk is full"), "\(report.text)")
    #expect(report.text.hasPrefix("GENERATION") && !report.text.contains("EVENT"), "\(report.text)")
  }

  @Test func `an option with one value is given once`() throws {
    for words in [["--certificate", "a", "--certificate", "b"], ["--key=a", "--key", "a"], ["--json", "--json"]] {
      let error = #expect(throws: ValidationError.self) { try RepeatedOptions.check(["pse", "create"] + words) }
      #expect(error?.message.hasPrefix("\(words[0].prefix { $0 != "=" }) is given twice") == true)
      #expect(error.map { Certrotd.exitStatus(of: $0) } == 64)
    }
    try RepeatedOptions.check(["pse", "create", "--trust", "a", "--trust", "b", "--key", "c", "-v", "-v"])
    try RepeatedOptions.check(["pse", "show", "--json", "--", "--json"])
  }

  /// A command as `--experimental-dump-help` describes it.
  private struct Described: Decodable {
    struct Name: Decodable { let name: String }
    struct Argument: Decodable {
      let kind: String
      let isRepeating: Bool
      let names: [Name]?
    }

    let subcommands: [Described]?
    let arguments: [Argument]?

    /// The options of it and its subcommands that take many values.
    var repeatable: [String] {
      let own = (arguments ?? []).filter { $0.isRepeating && $0.kind == "option" }
      return own.flatMap { $0.names ?? [] }.map { "--\($0.name)" } + (subcommands ?? []).flatMap(\.repeatable)
    }
  }

  @Test func `options that may be repeated are those that take many values`() throws {
    struct Tool: Decodable { let command: Described }
    let tool = try JSONDecoder().decode(Tool.self, from: Data(Certrotd._dumpHelp().utf8))
    #expect(Set(tool.command.repeatable) == Set(RepeatedOptions.repeatable.map(String.init)))
  }

  @Test func `a bad path to save to costs no report`() throws {
    let words = ["fetch", "localhost:\(server.port)", "--save", folder.file("absent/chain.pem").string]
    let command = try #require(try Certrotd.parseAsRoot(words) as? FetchCommand)
    let leaf = try TestCA.root().leaf(dns: "localhost").certificate
    let report = EndpointReport(endpoint: "localhost", chain: Chain([leaf]), verdict: .rejected([]))
    var shown: [FetchReport] = []
    #expect(throws: ExitCode.fault) { try command.conclude(report) { shown.append($0) } }
    #expect(shown.count == 1 && shown.first?.chain.count == 1)
    let path = folder.file("absent/chain.pem").string
    #expect(shown.first?.error?.contains("as \(path): ") == true, "\(shown)")
    let json = try Output.text(of: #require(shown.first), json: true)
    #expect(json.contains("\"error\" : ") && json.contains("\"exit-code\" : 1"))
  }

  @Test func `a key that is all of its file stood in no place`() {
    #expect(KeyImportReport.finding(at: "") == "found")
    #expect(KeyImportReport.finding(at: "credentials.uaa") == "found in credentials.uaa")
  }
}
