// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates
package import Host

extension PrivateKey {
  /// How a private key is wrapped in a PEM file.
  package enum PEMFormat: String, Hashable, Sendable, CaseIterable {
    /// "RSA PRIVATE KEY", RFC 8017 A.1.2; for elliptic curves "EC PRIVATE KEY", RFC 5915.
    case pkcs1
    /// "PRIVATE KEY", RFC 5208.
    case pkcs8
  }

  /// Encodes the key as a plain PrivateKeyInfo, RFC 5208 section 5.
  ///
  /// - Throws: `PrivateKeyError.failed`.
  package func pkcs8DER() throws(PrivateKeyError) -> SecretBytes {
    do throws(OpenSSLError) {
      let info = unsafe try Handle.make("EVP_PKEY2PKCS8", release: PKCS8_PRIV_KEY_INFO_free) {
        unsafe EVP_PKEY2PKCS8(pointer)
      }
      return unsafe try DEROutput.encodeSecret("i2d_PKCS8_PRIV_KEY_INFO") {
        unsafe i2d_PKCS8_PRIV_KEY_INFO(info.pointer, $0)
      }
    } catch {
      throw .failed(error)
    }
  }

  /// Encodes an RSA key as RSAPrivateKey, RFC 8017 A.1.2.
  ///
  /// - Throws: `PrivateKeyError.wrongKind` for keys that are not RSA.
  package func pkcs1DER() throws(PrivateKeyError) -> SecretBytes {
    guard case .rsa = kind else { throw .wrongKind(wanted: "an RSA key", found: "\(kind)") }
    do throws(OpenSSLError) {
      return unsafe try DEROutput.encodeSecret("i2d_PrivateKey") { unsafe i2d_PrivateKey(pointer, $0) }
    } catch {
      throw .failed(error)
    }
  }

  /// Encodes the key as one unencrypted PEM block that ends with a line feed.
  ///
  /// - Throws: `PrivateKeyError.wrongKind` when the algorithm has no such format (`pkcs1` with Ed25519).
  package func pem(_ format: PEMFormat) throws(PrivateKeyError) -> SecretBytes {
    if format == .pkcs1, case .other(let name) = kind {
      throw .wrongKind(wanted: "an RSA or elliptic curve key", found: name)
    }
    do throws(OpenSSLError) {
      return unsafe try MemoryBIO.writing { (bio) throws(OpenSSLError) in
        switch format {
        case .pkcs8:
          try OpenSSLCall.success("PEM_write_bio_PKCS8PrivateKey") {
            unsafe PEM_write_bio_PKCS8PrivateKey(bio, pointer, nil, nil, 0, nil, nil)
          }
        case .pkcs1:
          try OpenSSLCall.success("PEM_write_bio_PrivateKey_traditional") {
            unsafe PEM_write_bio_PrivateKey_traditional(bio, pointer, nil, nil, 0, nil, nil)
          }
        }
      }
    } catch {
      throw .failed(error)
    }
  }
}
