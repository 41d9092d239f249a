// SPDX-License-Identifier: Apache-2.0

/// How long to wait after failures: one minute, doubled with each further failure, one hour at most.
package enum Backoff {
  package static let shortest: Duration = .seconds(60)
  package static let longest: Duration = .seconds(3600)

  /// The wait after `failures` attempts in a row that failed, before jitter; one failure is the least.
  package static func delay(afterFailures failures: Int) -> Duration {
    let doublings = min(max(failures, 1) - 1, 6)
    return min(longest, shortest * (1 << doublings))
  }
}
