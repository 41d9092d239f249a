// SPDX-License-Identifier: Apache-2.0

/// How the files of a keystore are tried once they are in force.
///
/// Files that are refused for as long as the patience make room for those before them.
package struct ConfirmSettings: Sendable, Hashable {
  /// How long files that are refused are tried again, counted from when each hook was tried.
  package var patience: Duration
  /// The endpoints that the delivered trust list has to verify, each once.
  package var endpoints: [String]
  /// How the delivered identity is used; nil where it is not.
  package var identity: IdentityUse?
  /// The servers that have to present the delivered certificate.
  package var served: [ServedPlace]

  package init(
    patience: Duration = Defaults.confirmPatience, endpoints: [String] = [], identity: IdentityUse? = nil,
    served: [ServedPlace] = []
  ) {
    self.patience = patience
    self.endpoints = endpoints
    self.identity = identity
    self.served = served
  }

  /// Whether nothing would be tried.
  package var isEmpty: Bool { endpoints.isEmpty && identity == nil && served.isEmpty }

  /// How a delivered identity is used, as the service key's `verify` does it.
  package enum IdentityUse: Sendable, Hashable {
    /// Asks the service key's token endpoint for a token.
    case token
    /// Sends one request, and judges it by its status.
    case request(url: String, method: VerifySettings.Method)

    /// The same as a way to verify a service key.
    package var verification: VerifySettings {
      switch self {
      case .token: .token
      case .request(let url, let method): .request(url: url, method: method)
      }
    }
  }
}

/// A server that presents the certificate of a keystore to its clients.
package struct ServedPlace: Sendable, Hashable {
  package var address: HostAndPort
  /// The name to ask for (RFC 6066, section 3); nil asks for the host, where that is a name.
  package var serverName: String?

  package init(address: HostAndPort, serverName: String? = nil) {
    self.address = address
    self.serverName = serverName
  }
}
