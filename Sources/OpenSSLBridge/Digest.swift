// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Host

/// Message digests, FIPS 180-4, in one call.
package enum Digest {
  /// SHA-256: 32 bytes.
  package static func sha256(_ bytes: [UInt8]) -> [UInt8] { sha256Algorithm.digest(bytes) }

  /// SHA-256 of secret bytes: 32 bytes, which are no secret.
  package static func sha256(_ secret: SecretBytes) -> [UInt8] {
    unsafe secret.withUnsafeBytes { unsafe sha256Algorithm.digest($0) }
  }

  /// SHA-1: 20 bytes.
  ///
  /// Only where a file format prescribes it; never a proof of identity.
  package static func sha1(_ bytes: [UInt8]) -> [UInt8] { sha1Algorithm.digest(bytes) }

  // Fetched once: an implicit fetch on each call costs more than hashing a certificate.
  private static let sha256Algorithm = Algorithm("SHA2-256")
  private static let sha1Algorithm = Algorithm("SHA1")

  /// An algorithm that lives as long as the process.
  @safe private struct Algorithm: Sendable {
    // `EVP_MD` is immutable after its fetch, and OpenSSL documents it as shareable between threads.
    nonisolated(unsafe) private let pointer: OpaquePointer

    init(_ name: StaticString) {
      do {
        unsafe pointer = try OpenSSLCall.pointer("EVP_MD_fetch") { unsafe EVP_MD_fetch(nil, "\(name)", nil) }
      } catch {
        // Nothing that certrotd does works without these digests, and no input leads here.
        preconditionFailure("the host's OpenSSL has no \(name): \(error)")
      }
    }

    func digest(_ bytes: [UInt8]) -> [UInt8] {
      unsafe bytes.withUnsafeBytes { unsafe digest($0) }
    }

    func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
      var result = [UInt8](repeating: 0, count: Int(unsafe EVP_MD_get_size(pointer)))
      do {
        try OpenSSLCall.success("EVP_Digest") {
          unsafe EVP_Digest(bytes.baseAddress, bytes.count, &result, nil, pointer, nil)
        }
      } catch {
        preconditionFailure("the host's OpenSSL cannot compute a digest: \(error)")
      }
      return result
    }
  }
}
