// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// One mistake in a configuration file.
package struct ConfigurationMistake: Error, Sendable, Hashable {
  package var file: FilePath
  /// Counted from 1.
  package var line: Int
  /// Counted from 1 in Unicode scalars.
  package var column: Int
  /// The offending key with the keys that it stands in: `endpoints.s4hana.timeout`.
  package var key: String?
  /// What is wrong; never quotes a secret.
  package var message: String
  /// What to do.
  package var hint: String?
  package var severity: Severity
  /// Whether the words of the configuration are good, and only a file, a folder or a program that they name is missing or
  /// cannot be read now: a start goes on without it, so that it stops nothing else.
  package var isOfMissingFile: Bool

  /// How much it matters.
  package enum Severity: String, Sendable, Hashable, Codable {
    /// The configuration cannot be put in force.
    case error
    /// The daemon takes the configuration, and cannot do what it says here.
    case warning
  }

  package init(
    file: FilePath, line: Int = 1, column: Int = 1, key: String? = nil, message: String, hint: String? = nil,
    severity: Severity = .error, isOfMissingFile: Bool = false
  ) {
    self.severity = severity
    self.isOfMissingFile = isOfMissingFile
    self.file = file
    self.line = line
    self.column = column
    self.key = key
    self.message = message
    self.hint = hint
  }
}

extension ConfigurationMistake: CustomStringConvertible {
  /// One line: `file:line:column: error: key: message; hint`, or `warning`.
  package var description: String {
    let subject = key.map { "\($0): " } ?? ""
    let advice = hint.map { "; \($0)" } ?? ""
    return "\(file):\(line):\(column): \(severity.rawValue): " + Self.oneLine("\(subject)\(message)\(advice)")
  }

  /// Keys and values are quoted from the file, and must neither break the line nor fill the screen.
  private static func oneLine(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars.prefix(longestText) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        line += "\\u{\(String(scalar.value, radix: 16))}"
      default: line.unicodeScalars.append(scalar)
      }
    }
    return text.unicodeScalars.count > longestText ? line + "…" : line
  }

  private static let longestText = 600
}
