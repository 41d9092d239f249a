// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import Logging
import OpenSSLBridge
import Settings
import SystemPackage

/// Certificates of issuers that may complete a chain: whatever the configured bundles and the distribution's store hold.
package struct IssuerPool: Sendable {
  private let landscape: Landscape
  private let bundles: BundleReader
  private let anchors: AnchorLibrary
  private let logger: Logger

  package init(landscape: Landscape, bundles: BundleReader, anchors: AnchorLibrary, logger: Logger) {
    self.landscape = landscape
    self.bundles = bundles
    self.anchors = anchors
    self.logger = logger
  }

  /// Every certificate that is at hand; a bundle that cannot be read is left out, since its keystore complains of it.
  package func certificates() async -> [Certificate] {
    let configuration = await landscape.configuration
    var paths = configuration.keystores.flatMap(\.trust.bundles)
    for case .bundle(let path) in configuration.endpoints.map(\.anchors) { paths.append(path) }
    var found: [Certificate] = []
    for path in Set(paths).sorted(by: { $0.string < $1.string }) {
      do {
        found += try bundles.certificates(at: path)
      } catch {
        logger.notice("a bundle does not help to complete chains: \(error)", metadata: ["path": .string(path.string)])
      }
    }
    do {
      found += try await anchors.anchors(.system).certificates
    } catch {
      logger.notice("the system's trust store does not help to complete chains: \(error)")
    }
    return found
  }
}
