// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import Host
import Ledger
import OpenSSLBridge
import Planning
import Rotation
import Settings

/// `certrotd show`: everything about one thing.
struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows an endpoint, service key or keystore with its certificates.",
    discussion: HelpText.flowing(
      """
      What was removed from the configuration is shown as the ledger knows it.

      EXIT CODES: 0 when it was shown, however it stands; 1 when nothing is or was called so, or there is
      no ledger; 78 when the configuration has mistakes and the daemon never accepted one.

      EXAMPLES:
        certrotd show s4hana-cloud
        certrotd show xtract-client --json
      """))

  @Argument(help: "The name of an endpoint, service key or keystore.")
  var name: String

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let bench = try await Workbench.open(options, access: .readOnly, by: .inForce)
    defer { bench.close() }
    let now = bench.context.clock.now()
    let inventory = await bench.inventory()
    let status = StatusReader.read(bench.configuration, inventory, now: now)
    var report = ShowReport(now: now)
    for named in try await bench.subjects(named: name) {
      let subject = named.subject
      if let removal = named.removal {
        report.add(
          removal, try await sections(of: subject, bench), adopted: try await adoption(of: subject, bench))
        continue
      }
      guard let standing = status.subjects.first(where: { $0.subject == subject }) else { continue }
      report.add(
        standing, try await sections(of: subject, bench), adopted: try await adoption(of: subject, bench),
        platform: platform(of: subject, bench.configuration, inventory))
    }
    try bench.show(report, as: format)
  }

  private func platform(
    of subject: Subject, _ configuration: Configuration, _ inventory: Inventory
  ) -> PlatformReport? {
    guard case .serviceKey(let name) = subject, configuration.serviceKey(named: name)?.source.platformKey != nil
    else { return nil }
    return PlatformReport(inventory.serviceKeys[name] ?? SourceState())
  }

  private func adoption(of subject: Subject, _ bench: Workbench) async throws -> ShowReport.Adopted? {
    guard case .keystore(let name) = subject else { return nil }
    return try await bench.context.ledger.adoption(of: name).map {
      .init(path: $0.path, at: $0.adoptedAt, original: $0.original, objects: $0.keptNames)
    }
  }

  private func sections(of subject: Subject, _ bench: Workbench) async throws -> [ShowReport.Section] {
    let ledger = bench.context.ledger
    switch subject {
    case .endpoint(let name):
      let latest = try await ledger.latestObservation(name)
      let path = try await ledger.latestVerifiedPath(name)?.path.certificates
      return [
        .init("chain as the server sent it last", latest?.observation.chain ?? []), .init("verified path", path ?? []),
      ]
    case .serviceKey(let name):
      let current = try await ledger.identities(.serviceKey(name)).first { $0.supersededAt == nil }
      return [
        .init("identity", current.map { [$0.leaf] + $0.issuers } ?? []),
        .init("login to the platform", try await ledger.loginCertificates(of: name)),
      ]
    case .keystore(let name):
      let current = try await ledger.currentGeneration(name)
      // One that was taken over is the keystore's own, whatever follows it.
      var known = try await ledger.identities(.keystore(name))
      if let keystore = bench.configuration.keystore(named: name) {
        known += try await ledger.identities(keystore.identityOwner)
      }
      let identity = known.first { $0.leaf.fingerprint == current?.leaf }
      let leaf = Array(try await ledger.certificates(Set([current?.leaf].compactMap(\.self))).values)
      return [
        .init("identity", identity.map { [$0.leaf] + $0.issuers } ?? leaf),
        .init(
          "trust list", try await ledger.certificates(Set(current?.trust ?? [])).sorted { $0.key < $1.key }.map(\.value)
        ),
      ]
    }
  }
}
