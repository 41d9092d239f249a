// SPDX-License-Identifier: Apache-2.0

import Foundation
package import HTTPTransport
package import Settings

extension HTTPProxy {
  /// The proxy for a request of a service key; nil for a direct connection.
  ///
  /// - Throws: ``CredentialError`` when the proxy's credential cannot be read.
  package init?(_ settings: ServiceKeySettings, url: String, _ credentials: CredentialStore) throws(CredentialError) {
    guard let components = URLComponents(string: url), let host = components.host else { return nil }
    let port = UInt16(exactly: components.port ?? 443) ?? 443
    guard let proxy = settings.proxy(forHost: host, port: port) else { return nil }
    self.init(
      host: proxy.host, port: proxy.port,
      credentials: try proxy.credential.map { reference throws(CredentialError) in try credentials.secret(reference) })
  }
}
