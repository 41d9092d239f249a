// SPDX-License-Identifier: Apache-2.0

import Certificates
package import Host
package import Keystores
package import OpenSSLBridge

extension Identity {
  /// The certificate, its issuers and the private key as one PEM text, as a TLS client wants them.
  ///
  /// - Throws: `PrivateKeyError` when the key cannot be written.
  package func clientPEM() throws(PrivateKeyError) -> SecretBytes {
    let certificates = Array(chain.map { PEMBlock($0).text }.joined().utf8)
    let key = try key.pem(.pkcs8)
    return SecretBytes(count: certificates.count + key.count) { target in
      for (index, byte) in certificates.enumerated() { target[index] = byte }
      key.withSpan { source in
        for index in source.indices { target[certificates.count + index] = source[index] }
      }
    }
  }
}
