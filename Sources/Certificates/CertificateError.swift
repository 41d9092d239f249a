// SPDX-License-Identifier: Apache-2.0

/// Why bytes could not be read as a certificate, a name, or PEM.
package enum CertificateError: Error, Hashable, Sendable {
  /// The structure is not the one that X.509 prescribes.
  case malformed(String)
  /// More bytes than are read for one certificate.
  case tooLarge(bytes: Int)
  /// The text of a distinguished name cannot be understood; `offset` counts characters from 0.
  case badName(String, offset: Int)
  /// A PEM block is damaged; `line` counts from 1.
  case badPEM(String, line: Int)
}

extension CertificateError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformed(let what): "not a readable X.509 certificate: \(what)"
    case .tooLarge(let bytes):
      "\(bytes) bytes are more than the \(Certificate.sizeLimit) that are read for one certificate"
    case .badName(let what, let offset): "bad distinguished name at character \(offset + 1): \(what)"
    case .badPEM(let what, let line): "bad PEM text in line \(line): \(what)"
    }
  }
}
