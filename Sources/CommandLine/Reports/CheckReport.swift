// SPDX-License-Identifier: Apache-2.0

import Settings
import SystemPackage

/// What `certrotd check-config` shows of a configuration without a mistake.
struct CheckReport: Output.Displayable {
  let files: [String]
  let endpoints: Int
  let serviceKeys: Int
  let keystores: Int
  let account: String?
  let warnings: [MistakeReport]

  private enum CodingKeys: String, CodingKey {
    case files, endpoints, keystores, account, warnings
    case serviceKeys = "service-keys"
  }

  init(_ configuration: Configuration, warnings: [ConfigurationMistake], account: String?) {
    files = configuration.files.map(\.string)
    endpoints = configuration.endpoints.count
    serviceKeys = configuration.serviceKeys.count
    keystores = configuration.keystores.count
    self.account = account
    self.warnings = warnings.map { MistakeReport($0) }
  }

  var text: String {
    let counts = [
      Output.count(endpoints, "endpoint"), Output.count(serviceKeys, "service key"),
      Output.count(keystores, "keystore"),
    ].joined(separator: ", ")
    let verdict = warnings.isEmpty ? "no mistakes" : "no mistakes, \(Output.count(warnings.count, "warning"))"
    return "\(files.joined(separator: ", ")): \(counts), \(verdict)"
      + (account.map { " for the account \($0)" } ?? "")
  }
}

/// One mistake of a configuration file, or one warning about it, for programs.
struct MistakeReport: Encodable {
  let file: String
  let line: Int
  let column: Int
  /// `error` or `warning`.
  let severity: String
  let key: String?
  let message: String
  let hint: String?

  init(_ mistake: ConfigurationMistake) {
    file = mistake.file.string
    line = mistake.line
    column = mistake.column
    severity = mistake.severity.rawValue
    key = mistake.key
    message = mistake.message
    hint = mistake.hint
  }
}
