// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// What `verify` and `status` say between a kill amid the delivery of files outside the keystore's folder and the next start.
struct KilledDeliveryTests {
  private let site: Site
  private let one: [Certificate]
  private let two: [Certificate]

  init() throws {
    site = try Site()
    one = try Authority.one.get().issuing.path
    two = try Authority.two.get().issuing.path
    try site.folder.write("trust.pem", one.pem)
    try site.configure(
      """
      keystores:
        client:
          identity: none
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          overlap: 1d
          files:
            - pse: {path: client.pse}
            - pse: {path: \(site.folder.file("first.pse"))}
            - pse: {path: \(site.folder.file("second.pse"))}
      """)
  }

  /// Stages the next generation as the daemon does, and puts it in place as far as a kill let it.
  private func beginAnother(_ daemon: RunningSite, switching: Bool) async throws {
    let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "client"))
    let ledger = daemon.context.ledger
    let content = KeystoreContent(identity: nil, trust: one + two)
    try await ledger.remember(content.trust, at: aTime)
    let number = try await ledger.beginGeneration(
      NewGeneration(
        keystore: "client", recipe: settings.filesRecipe, leaf: nil, trust: content.trust.map(\.fingerprint).sorted(),
        reason: "a test"), at: aTime)
    let outputs = try KeystoreOutput.resolve(settings, credentials: daemon.context.credentials)
    let rendered = try outputs.map { try KeystoreWriter.render($0.format, content, now: aTime) }
    let store = daemon.store("client")
    try store.stage(number, DeliverySet(GenerationShelf.items(outputs, rendered)))
    try await ledger.markGeneration("client", number, .staged, at: aTime)
    #expect(number == 2)
    let whole = try HostFiles().readSecretFile(site.folder.file("second.pse"), limit: 1 << 20)
    let mode = try HostFiles().status(of: site.folder.file("second.pse")).mode
    try store.activate(number)
    guard !switching else { return }
    // The second file and the link were not reached.
    try HostFiles().replaceFile(at: site.folder.file("second.pse"), mode: mode, contents: whole)
    let link = site.layout.keystore("client").appending("current")
    try HostFiles().removeTree(at: link)
    try HostFiles().symbolicLink(at: link, target: "generations/000001")
  }

  private func status() async throws -> SubjectStatus {
    let ledger = try LedgerStore.open(
      at: site.layout.ledger, sealing: site.layout.sealingSource(credentialsFolder: nil, files: HostFiles()),
      access: .readOnly, options: .command, now: aTime
    ).store
    let configuration = try Self.configuration(site)
    let shelf = GenerationShelf(layout: site.layout, files: HostFiles())
    let reader = KnowledgeReader(
      ledger: ledger, bundles: BundleReader(files: HostFiles()), shelf: shelf,
      credentials: CredentialStore(folder: nil, files: HostFiles()))
    let known = try await reader.read(configuration, now: aTime)
    return try #require(StatusReader.read(configuration, known.inventory, now: aTime).subjects.first)
  }

  private static func configuration(_ site: Site) throws -> Configuration {
    try #require(
      ConfigurationReader.read(
        main: site.configuration, files: HostConfigurationFiles(), stateDirectory: site.layout.root
      ).configuration)
  }

  @Test(arguments: [false, true])
  func `what is half in place is nobody's fault`(switching: Bool) async throws {
    try await site.run { daemon in
      try await daemon.settle()
      try await beginAnother(daemon, switching: switching)
      let result = try await site.verify("client", daemon)
      #expect(!result.isGood)
      let sentence = "generation 2 was being written when certrotd was stopped"
      #expect(result.faults.count == 1 && result.faults[0].hasPrefix(sentence), "\(result.faults)")
      let texts = result.files.flatMap { $0.faults + [$0.remedy ?? ""] }
      #expect(texts.allSatisfy { !$0.contains("find out who") && !$0.contains("other contents") }, "\(texts)")
      let bad = result.files.filter { !$0.faults.isEmpty }
      #expect(bad.map(\.path) == (switching ? [] : [site.folder.file("first.pse")]), "\(texts)")
      #expect(
        bad.allSatisfy { $0.faults == ["is that of generation 2 already"] && $0.remedy?.hasPrefix(sentence) == true })
    }
    let status = try await status()
    #expect(status.state == .due && status.reason.contains("the next start finishes it"), "\(status)")
    // What somebody else did is told all the same.
    try site.folder.write("second.pse", "a foreign program's")
    let damaged = try await self.status()
    #expect(damaged.state == .failing && damaged.reason.contains("second.pse has other contents"), "\(damaged)")
    #expect(!damaged.reason.contains("first.pse"), "\(damaged)")
    try await site.run { daemon in
      let number = try await daemon.currentNumber("client")
      #expect(number == 2)
      #expect(try daemon.store("client").damage(of: 2).isEmpty)
    }
  }
}
