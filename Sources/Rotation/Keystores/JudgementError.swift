// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Keystores
import Ledger
import OpenSSLBridge
import Settings

/// The files that were written are not what was wanted.
struct JudgementError: Error, CustomStringConvertible {
  let faults: [KeystoreFault]

  var description: String {
    "the new files were judged bad: \(faults.summary)"
  }
}

extension [KeystoreFault] {
  /// The first ones, and how many there are besides: a trust list may lack hundreds.
  var summary: String {
    let shown = prefix(5).map(\.description).joined(separator: "; ")
    return count > 5 ? "\(shown); and \(count - 5) more" : shown
  }
}

extension Culprit {
  /// Who is at fault when a generation could not be written.
  static func ofWriting(_ error: any Error) -> Culprit {
    switch error {
    case let error as RenderingError: ofWriting(error.error)
    case let error as OutputError: error.culprit
    case let error as DeliveryError: error.culprit
    case let error as SapgenpseError: error.culprit
    case let error as LedgerError: error.culprit
    case let error as JudgementError: error.culprit
    case let error as TrustLoss: error.culprit
    case let error as BundleError: error.culprit
    case is OutputCollision, KeystoreError.identityMissing, KeystoreError.trustMissing, is KeystoreStopped:
      .configuration
    case is LastingDamage: .host
    // An identity that the format does not know, such as an elliptic curve in a PSE.
    case KeystoreError.pse, KeystoreError.pkcs12, KeystoreError.key(PrivateKeyError.wrongKind): .configuration
    default: .host
    }
  }
}

extension JudgementError {
  /// What was asked for is at fault where certificates are, this host's clock where their time has not begun, and
  /// certrotd where the files simply are not what it meant to write.
  var culprit: Culprit {
    for fault in faults {
      switch fault {
      case .notYetValid: return .host
      case .expired, .chainBroken, .endpointUntrusted: return .configuration
      default: continue
      }
    }
    return .certrotd
  }
}
