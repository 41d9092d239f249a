// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Something that happened to a subject, as `certrotd history` shows it.
package struct HistoryEntry: Sendable, Equatable {
  package var at: Date
  package var subject: LedgerSubject
  /// The stable dotted name of the event.
  package var event: String
  /// One sentence; only the first 4,000 characters are kept.
  package var message: String
  package var fields: [String: String]

  package init(at: Date, subject: LedgerSubject, event: String, message: String, fields: [String: String] = [:]) {
    self.at = at
    self.subject = subject
    self.event = event
    self.message = message
    self.fields = fields
  }
}
