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

  static func resumed(_ generation: StoredGeneration, previous: Int?) -> Events.Raised {
    let reason = "\(generation.reason); certrotd ended before it was in force, and went on with it"
    var fields: [EventField: String] = [
      .keystore: generation.keystore, .generation: String(generation.number), .reason: reason,
    ]
    if let previous { fields[.previousGeneration] = String(previous) }
    fields[.fingerprint] = generation.leaf?.description
    return Events.Raised(
      .keystoreWritten,
      message: "keystore \(generation.keystore) has generation \(generation.number): \(reason)", fields: fields)
  }

  // `path` is the first file that was found to be wrong, `damage` what was wrong with each, `failure` why another
  // generation stands in.
  static func repaired(
    _ settings: KeystoreSettings, _ number: Int, at path: FilePath, _ damage: String,
    standingInSince failure: String? = nil
  ) -> Events.Raised {
    let damage = failure.map { "\(damage); \($0)" } ?? damage
    let what = failure == nil ? "are put back" : "generation \(number) stands in for them"
    var fields: [EventField: String] = [.keystore: settings.name, .generation: String(number), .reason: damage]
    fields[.path] = path.string
    return Events.Raised(
      .keystoreDamaged,
      message: """
        the files of keystore \(settings.name) were changed by someone else\(failure == nil ? " and" : ";") \(what): \(damage)
        """,
      fields: fields)
  }
}
