// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SystemPackage

/// Why a handshake did not come to its end.
package enum TLSFailure: Error, Hashable, Sendable {
  /// What came first was no TLS record; the text says what it looks like.
  case notTLS(String)
  /// The server ended the handshake with this alert.
  case alert(TLSAlert)
  /// The server closed the connection in good order in the middle of the handshake.
  case closed
  /// The connection broke; `ECONNRESET` mostly.
  case connection(Errno)
  /// The server's Certificate message was empty, or there was none.
  case noCertificate
  /// OpenSSL cannot read a certificate of the chain.
  case certificateUnreadable(OpenSSLError)
  /// The chain has more bytes or more certificates than ``TLSPolicy`` takes.
  case chainTooLarge
  /// The server sends so many bytes, without an end of its handshake.
  case endless(bytes: Int)
  /// The server does not keep to the protocol, or shares no version or algorithm with this OpenSSL.
  case protocolViolation(OpenSSLError)
  /// OpenSSL failed for a reason of its own, such as no memory.
  case local(OpenSSLError)
}

extension TLSFailure {
  /// Reads the error queue that a failed `SSL_do_handshake(3)` left.
  ///
  /// - Parameters:
  ///   - entries: The queue, oldest record first.
  ///   - state: Which message was being read or written, SSL_get_state(3).
  init(entries: [OpenSSLError.Entry], state: OSSL_HANDSHAKE_STATE) {
    let error = OpenSSLError(function: "SSL_do_handshake", entries: entries)
    for entry in entries where ERR_GET_LIB(entry.code) == ERR_LIB_SSL {
      let reason = ERR_GET_REASON(entry.code)
      // Alerts that were received have their number plus SSL_AD_REASON_OFFSET, SSL_get_error(3).
      if reason > SSL_AD_REASON_OFFSET, let number = UInt8(exactly: reason - SSL_AD_REASON_OFFSET) {
        self = .alert(TLSAlert(number: number))
        return
      }
      switch reason {
      case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST:
        self = .notTLS("it answers in plain HTTP")
        return
      case SSL_R_WRONG_VERSION_NUMBER, SSL_R_WRONG_SSL_VERSION, SSL_R_BAD_RECORD_TYPE:
        self = .notTLS("its first bytes are no TLS record")
        return
      case SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_ENCRYPTED_LENGTH_TOO_LONG, SSL_R_DATA_LENGTH_TOO_LONG:
        guard state == TLS_ST_CW_CLNT_HELLO else { break }
        self = .notTLS("its first record is longer than TLS allows")
        return
      case SSL_R_EXCESSIVE_MESSAGE_SIZE:
        self = .chainTooLarge
        return
      case SSL_R_LENGTH_MISMATCH where state == TLS_ST_CR_CERT:
        // What OpenSSL says of an empty list; a certificate of the wrong length has a reason of its own.
        self = .noCertificate
        return
      case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        self = .closed
        return
      default: break
      }
    }
    // Of the server's messages only this one holds certificates, whose reading leaves records of other libraries.
    let libraries = entries.map { ERR_GET_LIB($0.code) }
    if state == TLS_ST_CR_CERT, libraries.contains(where: { $0 == ERR_LIB_ASN1 || $0 == ERR_LIB_X509 }) {
      self = .certificateUnreadable(error)
    } else if libraries.contains(ERR_LIB_SSL) {
      self = .protocolViolation(error)
    } else {
      self = .local(error)
    }
  }
}
