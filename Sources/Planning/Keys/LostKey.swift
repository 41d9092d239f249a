// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// A key that the platform no longer has, so that nothing can log in with its certificate, whatever its end date says.
package struct LostKey: Sendable, Hashable {
  /// Nil where nobody knows it.
  package var name: String?
  /// When that was noticed; nil where it was not recorded.
  package var since: Date?
  /// Whether certrotd deleted it to make room for another one.
  package var isDeletedHere = false

  /// One sentence without its full stop.
  package var sentence: String {
    let key = name.map { "the key \($0)" } ?? "the key"
    guard !isDeletedHere else {
      let time = since.map { " at \(TimeText.instant($0))" } ?? ""
      return
        "certrotd deleted \(key)\(time), since the service allows one at a time: nothing can log in with its certificate, "
        + "and another one is not delivered yet"
    }
    let time = since.map { ", as was noticed at \(TimeText.instant($0))" } ?? ""
    return "the platform no longer has \(key)\(time): nothing can log in with its certificate"
  }

  /// What stops working, and when: before its certificate ends.
  package func breakage(now: Date) -> Breakage { Breakage(what: "the identity", at: min(since ?? now, now)) }
}

extension SourceState {
  /// The key of a certificate, if the platform no longer has it; nil as far as anybody knows that it does.
  package func lost(_ leaf: Fingerprint) -> LostKey? {
    let key = keys.first { $0.leaf == leaf }
    if let rotation, let since = rotation.predecessorGoneAt, !rotation.isResting {
      let new = rotation.newKey.flatMap { new in keys.first { $0.guid == new.guid }?.leaf }
      let isPredecessor = key?.role == .deleted && key?.name == rotation.predecessor?.name
      if leaf != new, leaf == identity?.leaf || key?.role == .inForce || isPredecessor {
        return LostKey(
          name: key?.name ?? rotation.predecessor?.name, since: since,
          isDeletedHere: rotation.hasDeletedPredecessor == true)
      }
    }
    return key?.role == .deleted ? LostKey(name: key?.name, since: nil) : nil
  }
}
