// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open file descriptor that closes itself.
package struct Descriptor: ~Copyable, Sendable {
  /// The number the kernel knows it by; valid as long as this value lives.
  package let rawValue: CInt

  /// Takes over `rawValue`, which nobody else may close from now on.
  package init(takingOwnershipOf rawValue: CInt) {
    self.rawValue = rawValue
  }

  deinit {
    // close(2) on Linux releases the number whatever it returns; data errors were told by fsync(2) before.
    _ = close(rawValue)
  }

  /// Gives the number away; the caller closes it.
  package consuming func release() -> CInt {
    let number = rawValue
    discard self
    return number
  }
}
