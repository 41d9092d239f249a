// SPDX-License-Identifier: Apache-2.0

import Delivery
import Logging

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

extension RotationContext {
  /// Logs what was wrong with the own files of a generation that is in force now: nobody else may have noticed, and a file
  /// that everybody could read is known to others.
  func tellMended(_ activation: Activation, _ number: Int, of keystore: String) {
    for damage in activation.mended {
      logger.warning(
        "generation \(number) was put right before it was used: \(damage)", metadata: ["keystore": .string(keystore)])
    }
  }
}
