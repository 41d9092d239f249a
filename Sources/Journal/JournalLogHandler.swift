// SPDX-License-Identifier: Apache-2.0

package import Logging

/// A swift-log handler that sends each line to journald with its metadata as fields.
package struct JournalLogHandler: LogHandler {
  package var logLevel: Logger.Level = .info
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let send: @Sendable ([JournalField]) -> Void

  /// - Parameters:
  ///   - label: the logger's label; the journal has it as `CERTROTD_LOGGER`.
  ///   - send: takes the fields of each entry; `SystemJournal.send` hands them to journald.
  package init(label: String, send: @escaping @Sendable ([JournalField]) -> Void) {
    self.label = label
    self.send = send
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    send(JournalEntry(event, label: label, metadata: effectiveMetadata(of: event)).fields)
  }
}

extension LogHandler {
  /// What applies to `event`: the handler's metadata, then the provider's, then the event's own, the later one winning.
  func effectiveMetadata(of event: LogEvent) -> Logger.Metadata {
    var result = metadata
    if let provided = metadataProvider?.get() {
      result.merge(provided) { $1 }
    }
    if let own = event.metadata {
      result.merge(own) { $1 }
    }
    return result
  }
}
