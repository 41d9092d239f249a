// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processors of this host.
package enum HostProcessors {
  /// How many are online, at least 1 (sysconf(3) `_SC_NPROCESSORS_ONLN`).
  package static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
