// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates

/// Whether one certificate's key signed another, X509_verify(3); nothing else about them is judged.
package enum IssuerSignature {
  /// False too for certificates that OpenSSL cannot read.
  package static func isGenuine(on certificate: Certificate, by issuer: Certificate) -> Bool {
    guard let certificate = try? X509Codec.decode(certificate), let issuer = try? X509Codec.decode(issuer) else {
      return false
    }
    return OpenSSLCall.observed {
      unsafe X509_verify(certificate.pointer, X509_get0_pubkey(issuer.pointer))
    }.result == 1
  }
}
