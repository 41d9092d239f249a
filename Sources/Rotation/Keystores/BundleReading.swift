// SPDX-License-Identifier: Apache-2.0

package import Planning

/// What the bundles of a configuration hold, by their paths as text.
package struct BundleReading: Sendable {
  /// The certificates of those that could be read.
  package var certificates: [String: [KnownCertificate]] = [:]
  /// Why the others could not, in one sentence each without a full stop.
  package var faults: [String: String] = [:]
}
