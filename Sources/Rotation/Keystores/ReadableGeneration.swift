// SPDX-License-Identifier: Apache-2.0

import Delivery
package import Keystores
package import Settings
import SystemPackage

/// What the files of a generation hold, as far as they can be read: one that lacks its password hides no other.
package struct ReadableGeneration: Sendable {
  /// What those that can be read hold together; nil when none can.
  package private(set) var found: ReadKeystore?
  /// Why others cannot be read, each in one sentence.
  package private(set) var faults: [String] = []

  /// Reads the copies in the generation's own folder; what it was written without is passed over.
  ///
  /// - Parameters:
  ///   - generation: its number.
  ///   - keystore: its settings with what they leave open.
  ///   - shelf: where generations lie.
  ///   - credentials: opens files with their passwords.
  package init(
    _ generation: Int, of keystore: KeystoreSettings, on shelf: GenerationShelf, credentials: CredentialStore
  ) {
    let store = shelf.store(of: keystore.name)
    let delivered: [DeliveryDestination]
    do {
      delivered = try store.destinations(of: generation)
    } catch {
      faults.append(error.description)
      return
    }
    for file in keystore.files {
      var alone = keystore
      alone.files = [file]
      do {
        for output in try KeystoreOutput.resolve(alone, credentials: credentials)
        where delivered.contains(DeliveryDestination(output.path)) {
          do {
            for read in try shelf.content(of: generation, keystore: keystore.name, [output]) {
              found = found?.merging(read) ?? read
            }
          } catch {
            faults.append("\(error)")
          }
        }
      } catch {
        faults.append("\(error)")
      }
    }
  }
}
