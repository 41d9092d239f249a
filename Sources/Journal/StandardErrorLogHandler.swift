// SPDX-License-Identifier: Apache-2.0

package import Logging

/// A swift-log handler that writes events to standard error: one line for each line of the message, the fields on the first, for hosts and terminals without a journal.
package struct StandardErrorLogHandler: LogHandler {
  /// How a line begins.
  package enum Style: Sendable, Equatable {
    /// `LEVEL message`, for people.
    case plain
    /// `<N>message`, where N is the priority, as a service manager reads it (sd-daemon(3)).
    case prefixed
  }

  package var logLevel: Logger.Level = .info
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let style: Style
  private let write: @Sendable (String) -> Void

  /// A handler that writes to the process's standard error.
  package init(style: Style) {
    self.init(style: style, write: StandardError.write)
  }

  /// - Parameters:
  ///   - style: how a line begins.
  ///   - write: takes each line, with its line break.
  package init(style: Style, write: @escaping @Sendable (String) -> Void) {
    self.style = style
    self.write = write
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let prefix =
      switch style {
      case .plain: "\(event.level.rawValue.uppercased()) "
      case .prefixed: "<\(EventPriority(event.level).rawValue)>"
      }
    // An empty message has no line, and a line all the same.
    let lines = event.message.description.split(separator: "\n").map { Escaping.escaped(String($0)) }
    var line = prefix + (lines.first ?? "")
    for (key, value) in effectiveMetadata(of: event).sorted(by: { $0.key < $1.key }) {
      line += " \(Escaping.escaped(key))=\(Self.quoted(value.description))"
    }
    if let error = event.error {
      line += " error=\(Self.quoted(String(describing: error)))"
    }
    // Indented, so that no stranger's text can pass for a line of its own.
    write(([line] + lines.dropFirst().map { "\(prefix)  \($0)" }).map { $0 + "\n" }.joined())
  }

  /// Values with blanks are quoted, so that a line can be taken apart again.
  private static func quoted(_ value: String) -> String {
    let escaped = Escaping.escaped(value)
    guard escaped.isEmpty || escaped.contains(where: { " \"=".contains($0) }) else { return escaped }
    return "\"\(escaped.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\""))\""
  }
}
