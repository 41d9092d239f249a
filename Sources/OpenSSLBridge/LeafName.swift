// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// Whether a certificate is made out to a name, X509_check_host(3).
enum LeafName {
  static func matches(_ leaf: Certificate, _ name: ServerName) throws(OpenSSLError) -> Bool {
    let x509 = try X509Codec.decodeWithoutKey(leaf)
    // A wildcard stands for a whole label only (RFC 6125, section 6.4.3, leaves parts of a label to the verifier).
    let flags = CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
    let outcome =
      switch name {
      case .dns(let host):
        OpenSSLCall.observed { unsafe X509_check_host(x509.pointer, host, host.utf8.count, flags, nil) }
      case .ip(let address):
        OpenSSLCall.observed { unsafe X509_check_ip(x509.pointer, address, address.count, flags) }
      }
    // -1 is a failure inside OpenSSL; -2 a name with a zero byte in it, which no certificate matches.
    guard outcome.result != -1 else { throw OpenSSLError(function: "X509_check_host", entries: outcome.entries) }
    return outcome.result == 1
  }
}
