// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import Settings
import SystemPackage

/// `certrotd check-config`: reads the configuration as the daemon does and prints every mistake.
struct CheckConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Reads the configuration and prints every mistake.",
    discussion: """
      Uses the same reader as the daemon. Every mistake is a line `file:line:column: error: …`.

      Called by root, it looks at all files with the rights of the account that the daemon runs as, and
      names each that this account cannot read. Groups that only the unit gives it
      (SupplementaryGroups=) are named with --group.

      EXIT CODES: 0 when there is no mistake, 1 when it cannot check, 78 when there is a mistake.

      EXAMPLES:
        certrotd check-config
        certrotd check-config --config ./certrotd.yaml && systemctl reload certrotd
        certrotd check-config --user certrotd --group sapsys
      """)

  @Option(
    help: ArgumentHelp(
      "The account that the daemon runs as, when root calls; certrotd unless named and if there is one.",
      valueName: "account"))
  var user: String?

  @Option(help: ArgumentHelp("A further group of that account.", valueName: "group"))
  var group: [String] = []

  @OptionGroup var options: GlobalOptions

  func run() throws {
    let account = try account()
    let files = HostConfigurationFiles(account: account, expectedFilesMustBeReadable: true)
    let read = { try Workbench.readConfiguration(options, files: files) }
    let configuration = try account.map { try FileAccess.with($0, read) } ?? read()
    let paths = configuration.files.map(\.string).joined(separator: ", ")
    let counts = [
      Output.count(configuration.endpoints.count, "endpoint"),
      Output.count(configuration.serviceKeys.count, "service key"),
      Output.count(configuration.keystores.count, "keystore"),
    ].joined(separator: ", ")
    Output.line("\(paths): \(counts), no mistakes" + (account.map { " for the account \($0.name)" } ?? ""))
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
