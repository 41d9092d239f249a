// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// How the C library keeps this process's memory, mallopt(3) and malloc_trim(3).
package enum ProcessMemory {
  /// Lets all threads share two of glibc's arenas, and gives each large block pages of its own.
  ///
  /// Each arena keeps what its threads have freed, and no other thread may use it: with one for each of a dozen threads,
  /// more memory lies idle than is used. Counts for arenas that are not made yet, so it is called first of all.
  ///
  /// By default the size from which a block is large grows up to 32 MB once large blocks are freed; then a table of ten
  /// thousand endpoints leaves a hole in an arena where its pages would have gone back to the kernel.
  package static func limitArenas() {
    _ = mallopt(M_ARENA_MAX, 2)
    _ = mallopt(M_MMAP_THRESHOLD, 128 * 1024)
  }

  /// Gives free pages back to the kernel, after work that took far more than it leaves behind.
  package static func returnFreePages() { _ = malloc_trim(0) }
}
