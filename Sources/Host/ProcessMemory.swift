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

  /// Lets go of the pages of code and constants, of which a start touches far more than is needed later; those that are
  /// come back from the page cache as they are used.
  ///
  /// Only segments that the process cannot write are touched, madvise(2) and elf(5): they are as they are in the file.
  /// The kernel may refuse, such as for locked memory; then the pages stay.
  package static func releaseCode() {
    _ = unsafe CLinux_each_object { object, _, _ in
      guard let object = unsafe object?.pointee else { return 0 }
      let headers = unsafe UnsafeBufferPointer(start: object.dlpi_phdr, count: Int(object.dlpi_phnum))
      let page = UInt(sysconf(CInt(_SC_PAGESIZE)))
      for index in headers.indices {
        let header = unsafe headers[index]
        guard header.p_type == PT_LOAD, header.p_flags & UInt32(PF_W) == 0 else { continue }
        // The outermost pages may be shared with a segment that is written.
        let start = unsafe (object.dlpi_addr + UInt(header.p_vaddr) + page - 1) / page * page
        let end = unsafe (object.dlpi_addr + UInt(header.p_vaddr + header.p_memsz)) / page * page
        guard start < end else { continue }
        _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), CLinux_MADV_DONTNEED)
      }
      return 0
    }
  }
}
