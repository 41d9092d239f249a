// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import Rotation
import Settings
import SystemPackage

/// `certrotd check-config`: reads the configuration as the daemon does and prints every mistake.
struct CheckConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Reads the configuration and prints every mistake.",
    discussion: HelpText.flowing(
      """
      Uses the same reader as the daemon. Every mistake is a line `file:line:column: error: …`. A line
      `file:line:column: warning: …` is about what the daemon takes and cannot work with: a bundle or
      an identity without a certificate, a key that does not fit or that everybody on this host may read,
      a login to a platform that has ended, a user or group that does not exist.
      A line `file:line:column: note: …` is about a PSE that is fit to be adopted no more, which does no
      harm once that was done.

      Called by root, it looks at all files with the rights of the account that the daemon runs as, and
      names each that this account cannot read. Groups that only the unit gives it
      (SupplementaryGroups=) are named with --group.

      EXIT CODES: 0 when there is nothing to say, 1 when there are warnings or it cannot check, 78 when
      there is a mistake.

      EXAMPLES:
        certrotd check-config
        certrotd check-config --config ./certrotd.yaml && systemctl reload certrotd
        certrotd check-config --user certrotd --group sapsys
      """))

  @Option(
    help: ArgumentHelp(
      "The account that the daemon runs as, when root calls; certrotd unless named and if there is one.",
      valueName: "account"))
  var user: String?

  @Option(help: ArgumentHelp("A further group of that account.", valueName: "group"))
  var group: [String] = []

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func run() throws {
    let (reading, account) = try check()
    guard let configuration = reading.configuration else {
      throw ConfigurationRefusal(mistakes: reading.mistakes + reading.warnings)
    }
    for warning in reading.warnings { Output.complain(warning.description) }
    let notes = { AdoptionNotes.lines(for: configuration) }
    for note in try account.map({ try FileAccess.with($0, notes) }) ?? notes() { Output.complain(note) }
    try Output.show(
      CheckReport(configuration, warnings: reading.warnings, account: account?.name), as: format)
    if !reading.warnings.isEmpty { throw ExitCode.fault }
  }

  /// Reads the configuration with the rights of the account, and looks into what it names.
  func check() throws -> (ConfigurationReading, Account?) {
    let account = try account()
    let files = ExaminedFiles(
      HostConfigurationFiles(account: account, expectedFilesMustBeReadable: true), now: SystemWallClock().now())
    let read = {
      ConfigurationReader.read(main: options.configuration, files: files, stateDirectory: options.layout.root)
    }
    return (try account.map { try FileAccess.with($0, read) } ?? read(), account)
  }

  /// With whose rights the files are looked at; nil for those of this process.
  private func account() throws -> Account? {
    guard FileAccess.isRoot else {
      if user != nil || !group.isEmpty { throw Refusal("only root may look at files with the rights of others") }
      return nil
    }
    let name = user ?? Self.usualAccount
    guard var account = try Accounts.account(named: name) else {
      if user != nil || !group.isEmpty { throw Refusal("there is no account \(name) on this host") }
      return nil
    }
    for name in group {
      guard let number = try Accounts.groupID(named: name) else {
        throw Refusal("there is no group \(name) on this host")
      }
      account.groups.append(number)
    }
    return account
  }

  /// What the unit says in `User=`.
  private static let usualAccount = "certrotd"
}
