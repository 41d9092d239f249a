// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import Logging
import OpenSSLBridge
import Settings
import Synchronization
import SystemPackage

/// Certificates of issuers that may complete a chain: whatever the configured bundles and the distribution's store hold.
package struct IssuerPool: Sendable {
  private let landscape: Landscape
  private let bundles: BundleReader
  private let anchors: AnchorLibrary
  private let logger: Logger
  private let obstacles = LastingObstacles()

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
        obstacles.end(of: path.string)
      } catch {
        guard obstacles.isNew("\(error)", of: path.string) else { continue }
        logger.notice("a bundle does not help to complete chains: \(error)", metadata: ["path": .string(path.string)])
      }
    }
    do {
      found += try await anchors.anchors(.system).certificates
      obstacles.end(of: Self.system)
    } catch {
      guard obstacles.isNew("\(error)", of: Self.system) else { return found }
      logger.notice("the system's trust store does not help to complete chains: \(error)")
    }
    return found
  }

  /// No path is called so.
  private static let system = "system"
}

/// What keeps sources of certificates from being read, so that each reason is told once for as long as it lasts.
private final class LastingObstacles: Sendable {
  private let reasons = Mutex<[String: String]>([:])

  /// Remembers why `source` cannot be read, and says whether that is another reason than the last time.
  func isNew(_ reason: String, of source: String) -> Bool {
    reasons.withLock { reasons in
      defer { reasons[source] = reason }
      return reasons[source] != reason
    }
  }

  func end(of source: String) { reasons.withLock { $0[source] = nil } }
}
