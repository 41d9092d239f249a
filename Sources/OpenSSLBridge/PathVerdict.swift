// SPDX-License-Identifier: Apache-2.0

package import Certificates

/// Whether a chain leads to a trust anchor.
package enum PathVerdict: Hashable, Sendable {
  /// Every certificate of the path is in order; the last one is the trust anchor.
  case verified(CertificatePath)
  /// Everything that was found wrong, never empty, leaf first.
  case rejected([CertificateComplaint])

  /// The path, when it is verified.
  package var path: CertificatePath? {
    guard case .verified(let path) = self else { return nil }
    return path
  }

  /// What is wrong; empty when it is verified.
  package var complaints: [CertificateComplaint] {
    guard case .rejected(let complaints) = self else { return [] }
    return complaints
  }
}

extension PathVerdict: CustomStringConvertible {
  package var description: String {
    switch self {
    case .verified(let path): "verified to \(path.root.subject)"
    case .rejected(let complaints): complaints.map(\.description).joined(separator: "; ")
    }
  }
}
