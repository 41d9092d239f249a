// SPDX-License-Identifier: Apache-2.0

package import Host

/// How certrotd proves to the platform who it is.
package enum LoginMethod: Sendable, Equatable {
  /// A technical user, at the identity provider `origin`; nil for the platform's own (`sap.ids`).
  case password(user: String, password: SecretBytes, origin: String?)
  /// A technical user of an Identity Authentication tenant, who gets a passcode for a client certificate.
  case passcode(Passcode)
  case clientSecret(clientID: String, secret: SecretBytes)
  /// Mutual TLS at the token endpoint (RFC 8705, section 2.2); `identity` is PEM: certificate, issuers, key.
  case clientCertificate(clientID: String, identity: SecretBytes)

  package struct Passcode: Sendable, Equatable {
    package var user: String
    /// `https://TENANT.accounts.ondemand.com`.
    package var tenant: String
    /// PEM: certificate, issuers, unencrypted key.
    package var identity: SecretBytes
    package var origin: String?

    package init(user: String, tenant: String, identity: SecretBytes, origin: String?) {
      self.user = user
      self.tenant = tenant
      self.identity = identity
      self.origin = origin
    }
  }

  /// Whether both are one user or client with one proof, which a session is shared by.
  func isSameLogin(as other: LoginMethod) -> Bool { principal == other.principal && secret == other.secret }

  /// Who logs in, without the proof: what sessions are counted by.
  package var principal: String {
    switch self {
    case .password(let user, _, let origin): "user \(user)\(origin.map { " of \($0)" } ?? "")"
    case .passcode(let passcode): "user \(passcode.user)\(passcode.origin.map { " of \($0)" } ?? "")"
    case .clientSecret(let clientID, _), .clientCertificate(let clientID, _): "client \(clientID)"
    }
  }

  /// The proof: what has to change before a refused login is tried again at once.
  package var secret: SecretBytes {
    switch self {
    case .password(_, let password, _): password
    case .passcode(let passcode): passcode.identity
    case .clientSecret(_, let secret): secret
    case .clientCertificate(_, let identity): identity
    }
  }

  /// What an administrator does about a refusal; it goes on from the platform's words.
  var remedy: String {
    switch self {
    case .password:
      "correct the password that 'password-credential' names: the same one is not sent again for now, even by hand within "
        + "an hour, since that could lock the user"
    case .passcode:
      "see that 'certificate-credential' holds the certificate of this user: the same one is not sent again for now, "
        + "even by hand within an hour"
    case .clientSecret: "put another secret where the configuration names it"
    case .clientCertificate: "put another certificate where the configuration names it"
    }
  }

  /// Whether each login makes a session of a user, of which there may be ten at a time.
  var makesUserSession: Bool {
    switch self {
    case .password, .passcode: true
    case .clientSecret, .clientCertificate: false
    }
  }
}

/// One login: where, and who.
package struct LoginName: Sendable, Hashable {
  /// The token endpoint.
  package var endpoint: String
  package var principal: String

  package init(endpoint: String, principal: String) {
    self.endpoint = endpoint
    self.principal = principal
  }
}

/// A token that calls carry.
package struct AccessToken: Sendable {
  /// The value of `Authorization`.
  package var header: SecretBytes
  /// Counts the logins of a session, to tell a new token from a stale one.
  package var number: Int
}
