// SPDX-License-Identifier: Apache-2.0

import Logging

/// The fields of one journal entry, made from a log event.
///
/// The standard fields of systemd.journal-fields(7) come first, then metadata as `CERTROTD_…` in the order of the keys.
struct JournalEntry {
  /// What `journalctl -t` filters by.
  static let identifier = "certrotd"

  private(set) var fields: [JournalField]

  /// - Parameters:
  ///   - event: the log event.
  ///   - label: the logger's label.
  ///   - metadata: all metadata that applies, the event's own included.
  init(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
    fields = [
      // journalctl shows a message with control characters as "[blob data]", so those are spelt out; the line break and
      // the tabulator it shows as they are.
      JournalField("MESSAGE", Escaping.escaped(event.message.description, keepingLineBreaks: true)),
      JournalField("PRIORITY", String(EventPriority(event.level).rawValue)),
      JournalField("SYSLOG_IDENTIFIER", Self.identifier),
      JournalField("CODE_FILE", event.file),
      JournalField("CODE_LINE", String(event.line)),
      JournalField("CODE_FUNC", event.function),
      JournalField(JournalField.name(forMetadataKey: "logger"), label),
    ]
    if let error = event.error {
      fields.append(
        JournalField(JournalField.name(forMetadataKey: "error"), Escaping.escaped(String(describing: error))))
    }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      append(key, value)
    }
  }

  /// Lists become the same field several times, which the journal allows; the keys of dictionaries are joined.
  private mutating func append(_ key: String, _ value: Logger.MetadataValue) {
    switch value {
    case .string(let string):
      // `journalctl -x` puts values into the text of the catalog as they are.
      fields.append(JournalField(JournalField.name(forMetadataKey: key), Escaping.escaped(string)))
    case .stringConvertible(let convertible):
      if let event = convertible as? Event {
        fields.append(JournalField("MESSAGE_ID", event.messageID))
      }
      fields.append(JournalField(JournalField.name(forMetadataKey: key), Escaping.escaped(convertible.description)))
    case .array(let elements):
      for element in elements {
        append(key, element)
      }
    case .dictionary(let dictionary):
      for (inner, value) in dictionary.sorted(by: { $0.key < $1.key }) {
        append("\(key)_\(inner)", value)
      }
    }
  }
}
