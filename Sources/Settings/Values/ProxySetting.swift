// SPDX-License-Identifier: Apache-2.0

/// An HTTP proxy that connections are tunnelled through with CONNECT (RFC 9110, section 9.3.6).
package struct ProxySetting: Sendable, Hashable {
  package var host: String
  package var port: UInt16
  /// Holds `user:password`.
  package var credential: CredentialReference?

  package init(host: String, port: UInt16, credential: CredentialReference? = nil) {
    self.host = host
    self.port = port
    self.credential = credential
  }
}
