// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import Foundation
import Host
import Ledger
import Planning
import Rotation
import ServiceKeys
import Settings
import SystemPackage

/// `certrotd key import`: takes a downloaded service key over by hand.
struct KeyImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Checks a downloaded service key, takes it over, and prints what it found.",
    discussion: HelpText.flowing(
      """
      Reads every shape that the cockpit, `cf service-key`, Service Manager and Kubernetes give. The
      file is checked as the daemon checks what is dropped in: the key fits, the chain is complete,
      client authentication is allowed, the certificate is new and ends later than the one in force.
      It is then copied to the place that the configuration names, readable for its group only, and
      put in force; if it cannot be copied, nothing changes.

      EXIT CODES: 0 when it was taken over or is in force already, 1 when it was rejected.

      EXAMPLES:
        certrotd key import ~/Downloads/sender-key.json
        certrotd key import sender-key.json --name cpi-sender --force
      """))

  @Argument(help: ArgumentHelp("The downloaded service key.", valueName: "file"))
  var file: String

  @Option(help: "The service key of the configuration; needed when there are several.")
  var name: String?

  @Flag(help: "Take it over even though it ends no later than the one in force.")
  var force = false

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() async throws {
    let files = HostFiles()
    // Read before the ledger is opened, since only root may be able to read the download.
    let bytes = try files.readSecretFile(FilePath(file), limit: ServiceKeyIntake.sizeLimit)
    let bench = try await Workbench.open(options, access: .readWrite, by: .onDisk, beginning: true)
    defer { bench.close() }
    let settings = try chosen(from: bench.configuration)
    let intake = ServiceKeyIntake(context: bench.context, issuers: bench.issuers, verifier: bench.verifier)
    switch try await take(bytes, settings, intake) {
    case .accepted(let leaf, let issuers, let document):
      if settings.source.file != nil { try await intake.settle(settings) }
      try Output.show(KeyImportReport(settings, leaf, issuers, document), as: format)
    case .unchanged:
      var wasMissing = false
      if let path = settings.source.file, try files.linkStatusIfPresent(of: path) == nil {
        wasMissing = true
        try Privileges.asRoot { try Self.keep(bytes, at: path, files) }
      }
      let current = try await bench.context.ledger.currentEntry(.serviceKey(settings.name))
      try Output.show(KeyImportReport(settings, unchanged: current, fileWasMissing: wasMissing), as: format)
    case .absent(let reason): throw Refusal(reason)
    case .rejected(let rejection):
      throw Refusal("\(file): rejected, at fault is the \(rejection.culprit.rawValue): \(rejection.reason)")
    }
  }

  private func take(
    _ bytes: SecretBytes, _ settings: ServiceKeySettings, _ intake: ServiceKeyIntake
  ) async throws -> ServiceKeyIntake.Outcome {
    let path = settings.source.file
    do {
      return try await intake.take(settings, offered: bytes, force: force) { bytes throws(PlacementFailure) in
        // A key that the platform makes has no file of its own.
        guard let path else { return }
        do {
          try Privileges.asRoot { try Self.keep(bytes, at: path, HostFiles()) }
        } catch {
          throw PlacementFailure(error)
        }
      }
    } catch let failure as PlacementFailure {
      let place = path.map { " to \($0)" } ?? ""
      throw Refusal("\(file): it is good, but cannot be copied\(place), and nothing was changed: \(failure.error)")
    }
  }

  private typealias PlacementFailure = ServiceKeyIntake.PlacementFailure

  private func chosen(from configuration: Configuration) throws -> ServiceKeySettings {
    if let name {
      guard let settings = configuration.serviceKey(named: name) else {
        throw Refusal("there is no service key \(name) in the configuration")
      }
      return settings
    }
    guard let only = configuration.serviceKeys.first, configuration.serviceKeys.count == 1 else {
      let names = configuration.serviceKeys.map(\.name).joined(separator: ", ")
      throw Refusal(
        names.isEmpty ? "no service key is configured" : "say which service key it is with --name: \(names)")
    }
    return only
  }

  /// Puts the download where the daemon reads it; an existing file keeps its owner, and its group and mode too unless
  /// others than those two could read or change it.
  private static func keep(_ bytes: SecretBytes, at path: FilePath, _ files: HostFiles) throws {
    let old = try files.linkStatusIfPresent(of: path)
    if let old, old.kind != .regular { throw Refusal(try Self.whyKept(old.kind, path, files)) }
    let folder = try files.status(of: path.removingLastComponent())
    let kept = old.flatMap { $0.mode.isDisjoint(with: [.otherReadWriteExecute, .groupWrite]) ? $0 : nil }
    try files.replaceFile(
      at: path, mode: kept?.mode ?? [.ownerReadWrite, .groupRead], owner: old?.owner,
      group: kept?.group ?? folder.group, contents: bytes)
  }

  private static func whyKept(_ kind: FileStatus.Kind, _ path: FilePath, _ files: HostFiles) throws -> String {
    guard kind == .symbolicLink else { return "what is there is no file: move it away" }
    return """
      it is a symbolic link to \(try files.readLink(path)), which would be replaced instead of the file: name the file \
      itself under `from` in the configuration, or remove the link
      """
  }
}
