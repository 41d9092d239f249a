// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Journal
import Ledger

extension RotationContext {
  /// Tells of keys on the platform, but for what the subject's history says was told of the same key.
  ///
  /// An event is raised first, then written into the history, then the state is recorded from which it came. A daemon that
  /// is killed before the last of these takes the step again. Only one that is killed within the few instructions between
  /// the first two tells of it twice, since the journal cannot be asked.
  ///
  /// - Parameters:
  ///   - raised: what happened to keys; failures, which may happen again, are told each time.
  ///   - subject: the service key.
  ///   - since: what was told before has to do with something else.
  /// - Throws: `LedgerError`.
  func tellOnce(_ raised: [Events.Raised], of subject: LedgerSubject, since: Date = .distantPast) async throws {
    guard raised.contains(where: { $0.keyToTellOnce != nil }) else { return try await tell(raised, of: subject) }
    let history = try await ledger.history(subject, limit: Self.entriesToCompare)
    let told = Set(history.filter { $0.at >= since }.compactMap(\.keyToTellOnce))
    try await tell(raised.filter { $0.keyToTellOnce.map(told.contains) != true }, of: subject)
  }

  /// More than one service key has between two steps of a rotation.
  private static let entriesToCompare = 100
}

/// What makes two entries about a key the same.
private struct KeyEntry: Hashable {
  var event: Event
  var key: String

  /// Nil for what may happen to one key more than once.
  init?(_ event: Event, _ field: (EventField) -> String?) {
    switch event {
    case .keyCreated, .keyAdopted, .keyVerified, .keyRefused, .keyRenewed, .keyOverlapEnded, .keyDeleted, .keyLost,
      .keyOrphaned:
      guard let key = field(.keyGUID) ?? field(.keyName) else { return nil }
      self.event = event
      self.key = key
    default: return nil
    }
  }
}

extension Events.Raised {
  fileprivate var keyToTellOnce: KeyEntry? { KeyEntry(event) { fields[$0] } }
}

extension HistoryEntry {
  fileprivate var keyToTellOnce: KeyEntry? {
    Event(rawValue: event).flatMap { event in KeyEntry(event) { fields[$0.rawValue] } }
  }
}
