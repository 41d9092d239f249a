// SPDX-License-Identifier: Apache-2.0

/// Why a secret could not be sealed or opened.
package enum SealingError: Error, Hashable, Sendable {
  /// A sealing key has exactly 32 bytes; this one has so many.
  case wrongKeyLength(Int)
  /// The bytes are no sealed secret of a format that this version knows.
  case malformed(String)
  /// Another key or another context sealed them, or somebody changed them; AES-GCM cannot tell which.
  case wrongKeyOrTampered
  /// OpenSSL failed where the input cannot be the cause.
  case failed(OpenSSLError)
}

extension SealingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .wrongKeyLength(let count): "a sealing key has \(SealingKey.length) bytes and not \(count)"
    case .malformed(let what): "not a sealed secret: \(what)"
    case .wrongKeyOrTampered: "the sealed secret does not open: it is another key's or another record's, or was changed"
    case .failed(let error): "OpenSSL failed to seal or open a secret (\(error))"
    }
  }
}
