// SPDX-License-Identifier: Apache-2.0

import Delivery
import Logging
import Planning
import SystemPackage

/// Files that were put right, and are not as they were delivered all the same.
struct LastingDamage: Error, CustomStringConvertible {
  /// What is wrong with each file.
  let damage: String

  init(_ damage: String) { self.damage = damage }

  var description: String {
    """
    they were put right and are not as they were delivered: \(damage). Either somebody changes them again at once, or the \
    file system there keeps no owner, group and mode as they are set: find out who, or deliver to a path on another one
    """
  }
}

extension GenerationShelf {
  /// What somebody did to the files of a generation.
  struct FoundDamage: Sendable {
    let path: FilePath
    let text: String
  }

  /// What is wrong with the files of the generation in force, which another one is about to replace; nil where nothing is,
  /// nobody can tell, or an earlier attempt to replace them may be why.
  func damageToTell(of state: KeystoreState, keystore: String) -> FoundDamage? {
    guard let current = state.current, state.writing.failures == 0, state.unfinished == nil else { return nil }
    return damageToTell(of: current.number, keystore: keystore)
  }

  /// What is wrong with the files of a generation; nil where nothing is, or nobody can tell.
  func damageToTell(of number: Int, keystore: String) -> FoundDamage? {
    guard let text = damage(of: number, keystore: keystore) else { return nil }
    let store = store(of: keystore)
    let first = try? store.damage(of: number).first
    return FoundDamage(path: first?.path ?? store.currentLink, text: text)
  }
}

extension RotationContext {
  /// Sets right who may read the files of a generation that was left: its private key may still be in use.
  func mend(_ number: Int, of keystore: String, in shelf: GenerationShelf) {
    do throws(DeliveryError) {
      _ = try shelf.store(of: keystore).mend(number)
    } catch {
      // Its bytes were changed, say; it is never put in force so.
      logger.notice(
        "generation \(number), which is no longer in force, is not as it was delivered: \(error)",
        metadata: ["keystore": .string(keystore)])
    }
  }

  /// Logs what was wrong with the own files of a generation that is in force now: nobody else may have noticed, and a file
  /// that everybody could read is known to others.
  func tellMended(_ activation: Activation, _ number: Int, of keystore: String) {
    for damage in activation.mended {
      logger.warning(
        "generation \(number) was put right before it was used: \(damage)", metadata: ["keystore": .string(keystore)])
    }
  }
}
