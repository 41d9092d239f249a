// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
package import OpenSSLBridge
package import Settings
package import SystemPackage

/// Makes trust anchors for endpoints and keeps them, since loading the distribution's store takes longer than a handshake.
package actor AnchorLibrary {
  private let bundles: BundleReader
  private let system: SystemTrustStore
  private var loaded: [AnchorSettings: TrustAnchors] = [:]

  /// - Parameters:
  ///   - bundles: reads bundles.
  ///   - system: what `anchors: system` stands for.
  package init(bundles: BundleReader = BundleReader(), system: SystemTrustStore = SystemTrustStore()) {
    self.bundles = bundles
    self.system = system
  }

  /// The file that changes when the system's trust store does.
  package nonisolated var systemStore: FilePath { system.file }

  /// The anchors that `settings` name.
  ///
  /// - Throws: ``BundleError`` or `OpenSSLError`, when a bundle or the store cannot be read.
  package func anchors(_ settings: AnchorSettings) throws -> TrustAnchors {
    if let known = loaded[settings] { return known }
    let anchors =
      switch settings {
      case .system: try TrustAnchors.system(file: system.own?.string)
      case .bundle(let path): try TrustAnchors.bundle(bundles.certificates(at: path))
      case .pins(let pins): try TrustAnchors.pins(pins)
      }
    loaded[settings] = anchors
    return anchors
  }

  /// Forgets everything that was loaded, after a reload of the configuration or a change of a bundle or of the store.
  package func reload() { loaded = [:] }
}
