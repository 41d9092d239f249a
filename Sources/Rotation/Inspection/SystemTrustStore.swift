// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import HTTPTransport
import OpenSSLBridge
package import SystemPackage

/// The trust store that `system` stands for: the same for OpenSSL, which judges endpoints, and for libcurl, which asks
/// platforms, in the daemon as in every command.
package struct SystemTrustStore: Sendable {
  /// What takes the place of the host's own store; nil for that.
  let own: FilePath?
  /// What libcurl is told; nil for the distribution's own store.
  private let forHTTP: String?

  /// - Parameters:
  ///   - own: a file of anchors that takes the place of the host's store; nil for that.
  ///   - environment: the variables of this process. OpenSSL heeds `SSL_CERT_FILE` by itself, libcurl does not.
  package init(
    _ own: FilePath? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.own = own
    forHTTP = own?.string ?? environment["SSL_CERT_FILE"]
  }

  /// The file that changes when the store does.
  var file: FilePath { own ?? FilePath(TrustAnchors.systemFile) }

  /// A client whose servers are judged by the store.
  ///
  /// - Parameter connections: how many requests may be under way at a time; further ones wait.
  /// - Returns: the client, whose thread runs.
  /// - Throws: `unexpected` when the host gives no thread.
  package func httpClient(connections: Int = 32) throws(HTTPFailure) -> HTTPClient {
    try HTTPClient(connections: connections, systemStore: forHTTP)
  }
}
