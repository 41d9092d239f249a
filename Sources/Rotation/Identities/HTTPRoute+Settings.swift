// SPDX-License-Identifier: Apache-2.0

import Foundation
package import HTTPTransport
package import Settings

extension HTTPRoute {
  /// How a request of a service key gets to `url`.
  ///
  /// - Throws: ``CredentialError`` when the proxy's credential cannot be read.
  package init(_ settings: ServiceKeySettings, url: String, _ credentials: CredentialStore) throws(CredentialError) {
    guard let components = URLComponents(string: url), let host = components.host else {
      // No request can be made of it, and that is told.
      self = .direct
      return
    }
    switch settings.proxy(forHost: host, port: UInt16(exactly: components.port ?? 443) ?? 443) {
    case .direct: self = .direct
    case .environment: self = .environment
    case .through(let proxy):
      self = .through(
        HTTPProxy(
          host: proxy.host, port: proxy.port,
          credentials: try proxy.credential.map { reference throws(CredentialError) in
            try credentials.secret(reference)
          }))
    }
  }
}
