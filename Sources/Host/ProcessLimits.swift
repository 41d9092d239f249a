// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What this process may do and what may be done to it.
package enum ProcessLimits {
  /// Makes sure that no core file of this process is ever written and that no other process of its user may read its
  /// memory (prctl(2) `PR_SET_DUMPABLE`, setrlimit(2) `RLIMIT_CORE`).
  package static func forbidCoreDumps() throws(SystemError) {
    guard CLinux_set_not_dumpable() == 0 else { throw .last("prctl") }
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else { throw .last("setrlimit") }
  }

  /// Makes a write to a pipe or socket that nobody reads any more fail with `EPIPE` instead of ending this process
  /// (signal(7) `SIGPIPE`, write(2)).
  ///
  /// A program that is started inherits this unless whoever starts it gives signals their usual effect back (execve(2)).
  package static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }

  /// Raises the number of descriptors this process may open to its hard limit, and returns that number.
  @discardableResult
  package static func raiseDescriptorLimit() throws(SystemError) -> UInt64 {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(resource, &limit) == 0 else { throw .last("getrlimit") }
    limit.rlim_cur = limit.rlim_max
    guard unsafe setrlimit(resource, &limit) == 0 else { throw .last("setrlimit") }
    return UInt64(limit.rlim_cur)
  }
}
