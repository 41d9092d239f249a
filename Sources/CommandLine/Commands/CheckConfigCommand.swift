// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Settings
import SystemPackage

/// `certrotd check-config`: reads the configuration as the daemon does and prints every mistake.
struct CheckConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Reads the configuration and prints every mistake.",
    discussion: """
      Uses the same reader as the daemon. Every mistake is a line `file:line:column: error: …`.

      EXIT CODES: 0 when there is no mistake, 78 when there is.

      EXAMPLES:
        certrotd check-config
        certrotd check-config --config ./certrotd.yaml && systemctl reload certrotd
      """)

  @OptionGroup var options: GlobalOptions

  func run() throws {
    let configuration = try Workbench.readConfiguration(options)
    let files = configuration.files.map(\.string).joined(separator: ", ")
    Output.line(
      """
      \(files): \(configuration.endpoints.count) endpoints, \(configuration.serviceKeys.count) service keys, \
      \(configuration.keystores.count) keystores, no mistakes
      """)
  }
}
