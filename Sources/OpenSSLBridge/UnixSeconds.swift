// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import FoundationEssentials

extension Date {
  /// Seconds since 1970, UTC, as C counts them: fractions are cut off, and what does not fit is the nearest that does.
  var unixSeconds: time_t {
    let seconds = timeIntervalSince1970.rounded(.down)
    return time_t(exactly: seconds) ?? (seconds < 0 ? .min : .max)
  }
}
