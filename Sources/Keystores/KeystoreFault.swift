// SPDX-License-Identifier: Apache-2.0

package import Certificates
import FoundationEssentials
import OpenSSLBridge

/// Why the files of a keystore are not good: what ``KeystoreJudge`` finds.
package enum KeystoreFault: Hashable, Sendable {
  case identityMissing(wanted: Certificate)
  case identityUnwanted(Certificate)
  case identityDiffers(found: Certificate, wanted: Certificate)
  case keyMissing(of: Certificate)
  case keyDoesNotFit(Certificate)
  case issuerMissing(Certificate)
  case issuerUnwanted(Certificate)
  /// The chain of the identity does not verify up to its root; the reason is a sentence.
  case chainBroken(Certificate, reason: String)
  case notYetValid(Certificate)
  case expired(Certificate)
  case trustMissing(Certificate)
  case trustUnwanted(Certificate)
  /// An object that the PSE before held, and that is to be handed on.
  case objectMissing(String)
  /// What a consumer would see when it connects: the trust list alone does not lead to the endpoint's certificate.
  case endpointUntrusted(TrustGap)
}

extension KeystoreFault: CustomStringConvertible {
  /// One sentence for an operator, without the keystore's name.
  package var description: String {
    switch self {
    case .identityMissing(let wanted):
      "it holds no identity, where \(Self.name(wanted)) belongs"
    case .identityUnwanted(let found):
      "it holds the identity \(Self.name(found)), where none belongs"
    case .identityDiffers(let found, let wanted):
      "it holds the identity \(Self.name(found)), where \(Self.name(wanted)) belongs"
    case .keyMissing(let certificate):
      "the private key of \(Self.name(certificate)) is missing"
    case .keyDoesNotFit(let certificate):
      "the private key is not that of \(Self.name(certificate))"
    case .issuerMissing(let issuer):
      "the issuer \(Self.name(issuer)) is missing from the identity's chain"
    case .issuerUnwanted(let issuer):
      "\(Self.name(issuer)) is among the issuers of the identity and does not belong there"
    case .chainBroken(let certificate, let reason):
      "the chain of \(Self.name(certificate)) does not verify: \(reason)"
    case .notYetValid(let certificate):
      "\(Self.name(certificate)) is not valid before \(Self.time(certificate.validity.notBefore)); is the clock right?"
    case .expired(let certificate):
      "\(Self.name(certificate)) ended on \(Self.time(certificate.validity.notAfter))"
    case .trustMissing(let certificate):
      "the trust list lacks \(Self.name(certificate))"
    case .trustUnwanted(let certificate):
      "the trust list holds \(Self.name(certificate)), which is no longer to be trusted"
    case .objectMissing(let name):
      "the object \(name) of the PSE that was taken over is missing"
    case .endpointUntrusted(let gap): gap.description
    }
  }

  private static func name(_ certificate: Certificate) -> String {
    "\(certificate.subject) (SHA-256 \(certificate.fingerprint.short)…)"
  }

  private static func time(_ date: Date) -> String { date.formatted(.iso8601) }
}
