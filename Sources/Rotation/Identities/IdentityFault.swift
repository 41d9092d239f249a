// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
import Planning

/// What stands against an identity.
package enum IdentityFault: Error, Hashable, Sendable {
  case noCertificate
  /// The private key belongs to none of the certificates; the name is that of the likely leaf.
  case keyFitsNone(DistinguishedName?)
  case expired(Date)
  case notYetValid(Date)
  case wrongPurpose(DistinguishedName, allowed: [String])
  /// The certificate is the one in force already.
  case same(Fingerprint)
  case endsNoLater(new: Date, old: Date)
  /// The certificate ends later, but not this issuer of it.
  case issuerEndsNoLater(new: Date, issuer: DistinguishedName, old: Date)
  /// The chain does not reach a root; the name is that of the issuer that nothing supplies.
  case incomplete(missing: DistinguishedName)
  /// The chain does not verify, certificate by certificate.
  case rejected([String])
  /// OpenSSL could not judge it.
  case notJudged(String)

  /// Who is at fault: what was delivered, or this host.
  package var culprit: Culprit {
    switch self {
    case .notJudged, .notYetValid: .host
    default: .configuration
    }
  }

  /// Whether the same identity may be good later: by the passing of time, or once a bundle or the trust store has more.
  package var mayPass: Bool {
    switch self {
    case .notYetValid, .incomplete, .rejected, .notJudged: true
    default: false
    }
  }

  /// What somebody does who means it all the same, where a command takes that; it follows the description and a colon.
  package func insistence(_ command: String) -> String? {
    switch self {
    case .endsNoLater, .issuerEndsNoLater: "if that is meant all the same, use certrotd \(command) --force"
    default: nil
    }
  }

  /// Whether certificate and private key are no pair.
  var isUnfit: Bool {
    if case .keyFitsNone = self { true } else { false }
  }

  /// Whether nothing stands against it once an issuer is at hand.
  var isIncomplete: Bool {
    if case .incomplete = self { true } else { false }
  }
}

extension IdentityFault: CustomStringConvertible {
  /// What is wrong, and what whoever supplies identities by hand does about it.
  package var description: String {
    switch self {
    case .keyFitsNone: "\(finding): take certificate and key that were made together"
    case .expired: "\(finding): a newer one is needed"
    default: finding
    }
  }

  /// What is wrong, for an identity that nobody supplies by hand.
  var finding: String {
    switch self {
    case .noCertificate:
      "there is no certificate beside the private key"
    case .keyFitsNone(let subject):
      "the private key belongs to \(subject.map { "another certificate than \($0)" } ?? "none of the certificates")"
    case .expired(let end):
      "the certificate ended at \(TimeText.instant(end))"
    case .notYetValid(let start):
      "the certificate is valid only from \(TimeText.instant(start)) on: check the clock of this host"
    case .wrongPurpose(let subject, let allowed):
      """
      the certificate \(subject) does not allow client authentication (it allows \
      \(allowed.map(ExtendedKeyUsage.name).joined(separator: ", "))): platforms answer 401 to it
      """
    case .same(let fingerprint):
      "the certificate \(fingerprint.short) is the one in force already"
    case .endsNoLater(let new, let old):
      """
      the certificate ends at \(TimeText.instant(new)), no later than the one in force, which ends at \
      \(TimeText.instant(old))
      """
    case .issuerEndsNoLater(let new, let issuer, let old):
      """
      the issuer \(issuer) of the certificate ends at \(TimeText.instant(new)), no later than what is in force, which \
      works until \(TimeText.instant(old))
      """
    case .incomplete(let missing):
      """
      the chain is incomplete: nothing supplies the issuer \(missing); put its certificate into a file that 'bundles' under \
      'trust' of any keystore names, or into the bundle of the 'anchors' of an endpoint
      """
    case .rejected(let complaints):
      "the chain does not verify: \(complaints.joined(separator: "; "))"
    case .notJudged(let what):
      "OpenSSL could not judge the chain: \(what)"
    }
  }
}
