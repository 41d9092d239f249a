// SPDX-License-Identifier: Apache-2.0

import Host
import OpenSSLBridge
import PSEFormat

/// What can be said of the private key of a PSE without showing it.
package enum PSEKeyState: Hashable, Sendable {
  case none
  /// An RSA key; whether it is that of the own certificate is nil where there is none.
  case rsa(bits: Int, fits: Bool?)
  /// A kind that certrotd keeps and cannot use, by its name.
  case other(String)
}

extension PSEDocument {
  /// The private key by itself, and beside the own certificate.
  ///
  /// - Throws: ``KeystoreError``, when OpenSSL fails on the key or the certificate.
  package func keyState() throws(KeystoreError) -> PSEKeyState {
    guard let stored = content.privateKey else { return .none }
    guard case .rsa(let primes) = stored else { return .other(stored.algorithm) }
    let bits: Int
    do throws(PrivateKeyError) {
      bits = try PrivateKey.rsaLength(
        ofPrimes: (p: SecretBytes(copying: primes.p), q: SecretBytes(copying: primes.q)))
    } catch {
      throw .key(error)
    }
    guard content.certificate != nil else { return .rsa(bits: bits, fits: nil) }
    do throws(KeystoreError) {
      _ = try key()
      return .rsa(bits: bits, fits: true)
    } catch .key(.primesDoNotFit) {
      return .rsa(bits: bits, fits: false)
    } catch .key(.wrongKind) {
      return .rsa(bits: bits, fits: false)
    }
  }
}
