// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

/// The kinds of objects that certrotd understands, with the names that SAP's tools give them and their identifiers in
/// TeleTrusT's arc `{iso(1) identified-organization(3) teletrust(36) pse(2)}`.
package enum PSEObjectType: String, CaseIterable, Sendable {
  /// The own private key.
  case privateKey = "SKnew"
  /// The own certificate.
  case certificate = "Cert"
  /// The root of the own certificate, taken apart.
  case root = "PKRoot"
  /// The issuers between the own certificate and its root.
  case forwardPath = "FCPath"
  /// The certificates above the key.
  case certificateList = "CertList"
  /// The certificates that the owner trusts.
  case trustList = "PKList"

  package var identifier: ASN1ObjectIdentifier {
    switch self {
    case .privateKey: [1, 3, 36, 2, 3, 4]
    case .certificate: [1, 3, 36, 2, 1, 3]
    case .root: [1, 3, 36, 2, 5, 1]
    case .forwardPath: [1, 3, 36, 2, 4, 1]
    case .certificateList: [1, 3, 36, 2, 0]
    case .trustList: [1, 3, 36, 2, 6, 1]
    }
  }

  init?(identifier: ASN1ObjectIdentifier) {
    guard let type = Self.allCases.first(where: { $0.identifier == identifier }) else { return nil }
    self = type
  }
}
