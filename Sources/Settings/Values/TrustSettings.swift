// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// What a keystore trusts.
package struct TrustSettings: Sendable, Hashable {
  /// Names of endpoints whose verified paths are trusted.
  package var endpoints: [String]
  /// Files or folders whose certificates are trusted as they are.
  package var bundles: [FilePath]
  /// Which certificates of a path are taken.
  package var include: Set<Part>

  package init(endpoints: [String] = [], bundles: [FilePath] = [], include: Set<Part> = Self.usualParts) {
    self.endpoints = endpoints
    self.bundles = bundles
    self.include = include
  }

  /// Whether nothing is trusted.
  package var isEmpty: Bool {
    endpoints.isEmpty && bundles.isEmpty
  }

  /// A part of a path.
  package enum Part: String, Sendable, CaseIterable, Comparable {
    case roots
    case issuers
    case leaf

    package static func < (left: Part, right: Part) -> Bool {
      left.rawValue < right.rawValue
    }
  }

  package static let usualParts: Set<Part> = [.roots, .issuers]
}
