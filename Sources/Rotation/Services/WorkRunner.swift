// SPDX-License-Identifier: Apache-2.0

package import Planning

/// Carries out due work.
///
/// What can fail by itself, such as a file that is not there, is recorded and never thrown: it is tried again when its
/// schedule says so. What is thrown ends the daemon, so that the service manager starts it afresh.
package protocol WorkRunner: Sendable {
  /// Probes every one of `endpoints`; returns when the last result is recorded and ends each as it is.
  func probe(_ endpoints: [String]) async throws

  /// Does anything else.
  func run(_ work: DueWork) async throws
}
