// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Host
package import Journal
package import Ledger
package import Logging
import Planning
import Settings

/// What every step of a rotation needs: where things are kept, what is known, what time it is, and whom to tell.
package struct RotationContext: Sendable {
  package let layout: StateLayout
  package let ledger: LedgerStore
  package let landscape: Landscape
  package let credentials: CredentialStore
  package let files: HostFiles
  package let clock: any WallClock
  package let events: Events
  package let logger: Logger

  package init(
    layout: StateLayout, ledger: LedgerStore, landscape: Landscape, credentials: CredentialStore, files: HostFiles,
    clock: any WallClock, events: Events, logger: Logger
  ) {
    self.layout = layout
    self.ledger = ledger
    self.landscape = landscape
    self.credentials = credentials
    self.files = files
    self.clock = clock
    self.events = events
    self.logger = logger
  }

  /// Tells an operator, and remembers it in the subject's history.
  func tell(_ raised: [Events.Raised], of subject: LedgerSubject) async throws {
    guard !raised.isEmpty else { return }
    for event in raised { events.raise(event.event, message: event.message, fields: event.fields) }
    try await ledger.append(entries(raised, of: subject))
    for event in raised { await landscape.announce(.told(subject, event)) }
  }

  /// What is to be told, for the ledger to remember together with what happened; ``tell(recorded:)`` follows.
  func entries(_ raised: [Events.Raised], of subject: LedgerSubject) -> [HistoryEntry] {
    let now = clock.now()
    return raised.map { event in
      HistoryEntry(
        at: now, subject: subject, event: event.event.rawValue, message: event.message,
        fields: Dictionary(uniqueKeysWithValues: event.fields.map { ($0.key.rawValue, $0.value) }))
    }
  }

  /// Tells an operator what the ledger remembers already.
  ///
  /// Whoever is killed before the end of it owes that to the next start, which rather tells twice than not at all.
  func tell(recorded entries: [HistoryEntry]) async throws(LedgerError) {
    guard !entries.isEmpty else { return }
    let told = entries.compactMap { entry in Events.Raised(entry).map { (entry.subject, $0) } }
    for (_, event) in told { events.raise(event.event, message: event.message, fields: event.fields) }
    try await ledger.markTold(entries)
    for (subject, event) in told { await landscape.announce(.told(subject, event)) }
  }

  /// What the ledger says of confirming the generation in force; nil where nothing is asked for.
  func confirmation(of settings: KeystoreSettings) async throws(LedgerError) -> GenerationConfirmation? {
    guard settings.confirm != nil, let stored = try await ledger.confirmation(of: settings.name) else { return nil }
    return GenerationConfirmation(stored)
  }

  /// Records when something was tried and when it is tried again.
  ///
  /// - Parameters:
  ///   - schedule: what came of the attempt.
  ///   - key: what was tried.
  ///   - failure: why it failed; nil when it did not.
  ///   - name: what the lasting failure is called in the ledger.
  /// - Returns: whether the failure has to be told, since this reason was not told since it began (``ToldFailures``).
  /// - Throws: `LedgerError`.
  func record(
    _ schedule: Schedule, of key: ScheduleKey, failure: String?, as name: String = ToldFailures.usualName
  ) async throws -> Bool {
    let before = await landscape.conditions[key]?.name
    let told = failure.map { ToldFailures($0, after: before, of: name) }
    _ = try await record(schedule, of: key, condition: told?.condition)
    return told?.isNew ?? false
  }

  /// Records when something was tried and when it is tried again.
  ///
  /// - Parameters:
  ///   - schedule: what came of the attempt.
  ///   - key: what was tried.
  ///   - condition: what lasts about it and is told once; nil when all is well.
  /// - Returns: whether the condition is new, so that it has to be told, and the one before.
  /// - Throws: `LedgerError`.
  func record(
    _ schedule: Schedule, of key: ScheduleKey, condition: String?
  ) async throws -> (isNew: Bool, before: String?) {
    let before = await landscape.conditions[key]
    let after = condition.map { name in
      before?.name == name
        ? StoredSchedule.Condition(name, since: before?.since ?? clock.now())
        : StoredSchedule.Condition(name, since: clock.now())
    }
    let stored = try await ledger.replace(StoredSchedule(key, schedule, condition: after))
    await landscape.setCondition(after, of: key)
    // Another process may have ended it, and told so, since this one read the ledger.
    let lasted = after == nil && stored == nil ? nil : before
    return (after != nil && before?.name != condition, lasted?.name)
  }
}

extension Events.Raised {
  /// What an entry of the history tells; nil for an event that another certrotd had.
  fileprivate init?(_ entry: HistoryEntry) {
    guard let event = Event(rawValue: entry.event) else { return nil }
    let fields = entry.fields.compactMap { key, value in EventField(rawValue: key).map { ($0, value) } }
    self.init(event, message: entry.message, fields: Dictionary(uniqueKeysWithValues: fields))
  }
}
