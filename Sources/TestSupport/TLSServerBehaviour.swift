// SPDX-License-Identifier: Apache-2.0

/// How a ``TLSServer`` treats whoever connects.
package enum TLSServerBehaviour: Sendable {
  /// Shakes hands properly, then reads until the client leaves.
  case serve
  /// Shakes hands properly, reads up to an empty line, sends these bytes, then reads until the client leaves.
  case answer([UInt8])
  /// Holds each connection until ``TLSServer/release()``, then serves it.
  case serveWhenReleased
  /// Accepts and never sends a byte.
  case silent
  /// Shakes hands, but sends one byte per interval, so that no single wait is long.
  case drip(interval: Duration)
  /// Sends these bytes at once in place of TLS, and waits.
  case bytes([UInt8])
  /// Answers whatever comes first with an HTTP/1.1 400 in plain text, and closes.
  case plainHTTP
  /// Resets the connection before a byte was exchanged.
  case resetAtAccept
  /// Closes the connection in good order before a byte was exchanged.
  case closeAtAccept
  /// Reads the ClientHello, then resets.
  case resetAfterClientHello
  /// Reads the ClientHello, then closes in good order.
  case closeAfterClientHello
  /// Shakes hands, and resets after this many bytes of its own.
  case resetAfter(bytes: Int)
  /// Reads the ClientHello, sends the first bytes, and then the others for as long as the client stays.
  case endless([UInt8], then: [UInt8])
  /// Sends its flight with the certificates but for the last bytes, then resets: the client has seen the chain and can
  /// never finish.
  case resetAfterCertificate
  /// Reads the ClientHello and answers with this fatal alert (RFC 8446, section 6), in plain text as such alerts are.
  case alert(UInt8)
  /// Answers as a TLS 1.2 server whose Certificate message holds these bytes as certificates, whatever they are.
  case certificateMessage([[UInt8]])
}

/// A version of TLS, for the limits of a ``TLSServer``.
package enum TLSServerVersion: Int32, Sendable, CaseIterable {
  case tls10 = 0x0301
  case tls11 = 0x0302
  case tls12 = 0x0303
  case tls13 = 0x0304
}

/// Whether a ``TLSServer`` asks for a client certificate.
package enum TLSServerClientCertificate: Sendable {
  case notRequested
  /// Asked for; any is taken, and none as well.
  case requested
  /// Whoever has none is sent away with an alert, which TLS 1.3 clients learn only after their handshake.
  case required
  /// Asked for; any is sent away with the alert that its issuer is not known.
  case refused
}

/// What a ``TLSServer`` insists on.
package struct TLSServerOptions: Sendable {
  package var minimumVersion: TLSServerVersion
  package var maximumVersion: TLSServerVersion
  package var clientCertificate: TLSServerClientCertificate
  /// An OpenSSL list of TLS 1.2 cipher suites.
  package var cipherList: String

  package init(
    minimumVersion: TLSServerVersion = .tls10, maximumVersion: TLSServerVersion = .tls13,
    clientCertificate: TLSServerClientCertificate = .notRequested, cipherList: String = "ALL:@SECLEVEL=0"
  ) {
    self.minimumVersion = minimumVersion
    self.maximumVersion = maximumVersion
    self.clientCertificate = clientCertificate
    self.cipherList = cipherList
  }

  /// Speaks this version only.
  package static func only(_ version: TLSServerVersion) -> TLSServerOptions {
    TLSServerOptions(minimumVersion: version, maximumVersion: version)
  }
}
