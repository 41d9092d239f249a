// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// How the C library keeps this process's memory, mallopt(3) and malloc_trim(3).
package enum ProcessMemory {
  /// Lets all threads share two of glibc's arenas.
  ///
  /// Each arena keeps what its threads have freed, and no other thread may use it: with one for each of a dozen threads,
  /// more memory lies idle than is used. Counts for arenas that are not made yet, so it is called first of all.
  package static func limitArenas() { _ = mallopt(M_ARENA_MAX, 2) }

  /// Gives free pages back to the kernel, after work that took far more than it leaves behind.
  package static func returnFreePages() { _ = malloc_trim(0) }
}
