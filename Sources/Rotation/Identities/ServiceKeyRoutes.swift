// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Host
import Settings

/// How the requests of a service key get to their hosts, each of which may be reached through the proxy or directly.
struct ServiceKeyRoutes: Sendable {
  private let settings: ServiceKeySettings
  private let credential: Result<SecretBytes?, CredentialError>

  /// Reads the proxy's credential, once for all requests; that it cannot be read is told when the proxy is needed.
  init(_ settings: ServiceKeySettings, _ credentials: CredentialStore) {
    self.settings = settings
    let reference = settings.proxy.setting?.credential
    credential = Result { () throws(CredentialError) in
      guard let reference else { return nil }
      return try credentials.secret(reference)
    }
  }

  /// How a request gets to `url`.
  ///
  /// - Throws: ``CredentialError`` when it takes the proxy and its credential cannot be read.
  func route(to url: String) throws(CredentialError) -> HTTPRoute {
    guard let components = URLComponents(string: url), let host = components.host else {
      // No request can be made of it, and that is told.
      return .direct
    }
    switch settings.proxy(forHost: host, port: UInt16(exactly: components.port ?? 443) ?? 443) {
    case .direct: return .direct
    case .environment: return .environment
    case .through(let proxy):
      return .through(HTTPProxy(host: proxy.host, port: proxy.port, credentials: try credential.get()))
    }
  }
}
