// SPDX-License-Identifier: Apache-2.0

package import Host

/// The AES-256 key under which secrets are sealed.
package struct SealingKey: Sendable {
  /// 32 bytes.
  package let bytes: SecretBytes

  /// Takes a key as it was stored.
  ///
  /// - Throws: `SealingError.wrongKeyLength`.
  package init(_ bytes: SecretBytes) throws(SealingError) {
    guard bytes.count == Self.length else { throw .wrongKeyLength(bytes.count) }
    self.bytes = bytes
  }

  /// Makes a new key.
  ///
  /// - Throws: `SealingError.failed` when there are no random bytes.
  package static func random() throws(SealingError) -> SealingKey {
    var bytes: [UInt8]
    do throws(OpenSSLError) {
      bytes = try Random.bytes(length)
    } catch {
      throw .failed(error)
    }
    return try SealingKey(SecretBytes(cleansing: &bytes))
  }

  /// In bytes.
  package static let length = 32
}
