// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import Settings
import SystemPackage

/// What an operator is told about the generations of a keystore.
enum GenerationNews {
  static func written(
    _ settings: KeystoreSettings, _ number: Int, _ content: KeystoreContent, _ reason: Reason, previous: Int?
  ) -> Events.Raised {
    var fields: [EventField: String] = [
      .keystore: settings.name, .generation: String(number), .reason: reason.description,
    ]
    if let previous { fields[.previousGeneration] = String(previous) }
    if let leaf = content.identity?.certificate {
      fields[.fingerprint] = leaf.fingerprint.description
      fields[.notAfter] = EventTime.text(leaf.validity.notAfter)
    }
    return Events.Raised(
      .keystoreWritten, message: "keystore \(settings.name) has generation \(number): \(reason)", fields: fields)
  }

  // `notAfter` is the end of the identity that was in force.
  static func windowIgnored(_ settings: KeystoreSettings, _ number: Int, _ notAfter: Date) -> Events.Raised {
    let reason = "its identity is in the last tenth of its lifetime, and ends at \(TimeText.instant(notAfter))"
    return Events.Raised(
      .keystoreWindowIgnored, message: "keystore \(settings.name) was written outside its change window: \(reason)",
      fields: [
        .keystore: settings.name, .generation: String(number), .notAfter: EventTime.text(notAfter), .reason: reason,
      ])
  }

  // `notAfter` is the end of its identity, where it has one.
  static func resumed(_ generation: StoredGeneration, previous: Int?, notAfter: Date?) -> Events.Raised {
    let reason = "\(generation.reason); certrotd ended before it was in force, and went on with it"
    var fields: [EventField: String] = [
      .keystore: generation.keystore, .generation: String(generation.number), .reason: reason,
    ]
    if let previous { fields[.previousGeneration] = String(previous) }
    fields[.fingerprint] = generation.leaf?.description
    fields[.notAfter] = notAfter.map(EventTime.text)
    return Events.Raised(
      .keystoreWritten,
      message: "keystore \(generation.keystore) has generation \(generation.number): \(reason)", fields: fields)
  }

  /// What was done about damaged files.
  enum Repair {
    /// They were taken from the generation again.
    case putBack
    /// The same content was written as a new generation, since the damaged one had lost its own copy.
    case madeAnew
    /// Another one took their place for a reason of its own.
    case left
    /// Another generation was put in force, for this reason.
    case standsIn(because: String)
  }

  // `number` is the generation that is in force now, `path` the first file that was found to be wrong, `damage` what was
  // wrong with each.
  static func repaired(
    _ settings: KeystoreSettings, _ number: Int, at path: FilePath, _ damage: String, _ repair: Repair
  ) -> Events.Raised {
    let (what, reason) =
      switch repair {
      case .putBack: (" and are put back", damage)
      case .left: ("; generation \(number) takes their place", damage)
      case .madeAnew: (" and are made anew as generation \(number)", damage)
      case .standsIn(let failure): ("; generation \(number) stands in for them", "\(damage); \(failure)")
      }
    var fields: [EventField: String] = [.keystore: settings.name, .generation: String(number), .reason: reason]
    fields[.path] = path.string
    return Events.Raised(
      .keystoreDamaged,
      message: "the files of keystore \(settings.name) were changed by someone else\(what): \(reason)", fields: fields)
  }

  // What `keystore.damaged` told is over.
  static func whole(_ settings: KeystoreSettings, _ number: Int) -> Events.Raised {
    let reason = "the files of generation \(number) are in place and whole"
    return Events.Raised(
      .keystoreRecovered, message: "keystore \(settings.name) is in order again: \(reason)",
      fields: [.keystore: settings.name, .generation: String(number), .reason: reason])
  }
}
