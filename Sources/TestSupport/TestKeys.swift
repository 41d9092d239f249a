// SPDX-License-Identifier: Apache-2.0

package import OpenSSLBridge
import Synchronization

/// Private keys for tests: elliptic curve keys are made on demand, RSA keys once in a process, since they take long.
package enum TestKeys {
  private static let cache = Mutex<[TestCertificateOptions.KeyKind: PrivateKey]>([:])

  package static func make(_ kind: TestCertificateOptions.KeyKind) throws -> PrivateKey {
    switch kind {
    case .ellipticCurve:
      try PrivateKey.generateEllipticCurve()
    case .rsa(let bits, _):
      try cache.withLock { cache in
        if let key = cache[kind] { return key }
        let key = try PrivateKey.generateRSA(bits: bits)
        cache[kind] = key
        return key
      }
    }
  }
}
