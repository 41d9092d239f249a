// SPDX-License-Identifier: Apache-2.0

package import Certificates
import FoundationEssentials

/// One thing that is wrong with one certificate of a path.
package struct CertificateComplaint: Hashable, Sendable {
  package enum Reason: Hashable, Sendable {
    /// The end of validity has passed.
    case expired
    /// Validity has not begun.
    case notYetValid
    /// No certificate of the issuer is known; see ``CertificateComplaint/issuerLocations``.
    case unknownIssuer
    /// The path ends in a self-signed certificate that is no trust anchor.
    case selfSignedNotTrusted
    /// The leaf is not made out to the server's name or address.
    case nameMismatch(ServerName)
    /// The issuer's key did not make the signature.
    case badSignature
    /// The key usage or extended key usage does not allow the purpose.
    case wrongPurpose(PathBuilder.Purpose)
    /// It issued a certificate and is no certificate authority.
    case notACA
    /// More issuers stand below it than its path length allows, or the path is longer than any in use.
    case pathTooLong
    /// No certificate of the path is one of the pinned ones.
    case pinMismatch
    /// The key is too short or the signature's digest too weak for the host's OpenSSL security level.
    case weak(String)
    /// OpenSSL cannot read the certificate.
    case unreadable(String)
    /// The server sent no certificate.
    case noCertificate
    /// Any other complaint of OpenSSL, `X509_V_ERR_…` of X509_STORE_CTX_get_error(3).
    case other(code: Int, text: String)
  }

  /// Position in the path, 0 for the leaf.
  package let depth: Int
  /// The certificate that is complained about, where there is one.
  package let certificate: Certificate?
  package let reason: Reason

  package init(depth: Int, certificate: Certificate?, reason: Reason) {
    self.depth = depth
    self.certificate = certificate
    self.reason = reason
  }

  /// Where the missing issuer can be fetched, as the certificate says; empty for any other reason.
  package var issuerLocations: [String] {
    reason == .unknownIssuer ? certificate?.extensions.issuerLocations ?? [] : []
  }
}

extension CertificateComplaint: CustomStringConvertible {
  /// One sentence for an operator, such as "CN=host.example expired on 2026-11-20T00:00:00Z".
  package var description: String {
    guard let certificate else { return "certificate \(depth): \(sentence)" }
    return "\(certificate.subject) \(sentence)"
  }

  private var sentence: String {
    switch reason {
    case .expired: "expired on \(certificate?.validity.notAfter.ISO8601Format() ?? "an unknown day")"
    case .notYetValid: "is not valid before \(certificate?.validity.notBefore.ISO8601Format() ?? "an unknown day")"
    case .unknownIssuer: unknownIssuerSentence
    case .selfSignedNotTrusted: "is self-signed and not among the trust anchors"
    case .nameMismatch(let wanted): "is made out to \(offeredNames) and not to \(wanted)"
    case .badSignature: "has a signature that its issuer's key did not make"
    case .wrongPurpose(let purpose): "may not be used for \(purpose)"
    case .notACA: "issued a certificate and is no certificate authority"
    case .pathTooLong: "has more certificates below it than it allows"
    case .pinMismatch: "is not issued by any of the pinned certificates and is none itself"
    case .weak(let text): "is too weak for this host's OpenSSL: \(text)"
    case .unreadable(let text): "cannot be read by OpenSSL: \(text)"
    case .noCertificate: "none was sent"
    case .other(let code, let text): "was refused by OpenSSL: \(text) (\(code))"
    }
  }

  private var unknownIssuerSentence: String {
    guard let certificate else { return "has an issuer that is not known" }
    let known = "was issued by \(certificate.issuer), which is neither sent nor a trust anchor"
    return issuerLocations.isEmpty ? known : known + " (offered at \(issuerLocations.joined(separator: ", ")))"
  }

  private var offeredNames: String {
    let names = certificate?.extensions.subjectAlternativeNames.map(\.description) ?? []
    return names.isEmpty ? "no alternative name" : names.prefix(8).joined(separator: ", ")
  }
}
