// SPDX-License-Identifier: Apache-2.0

package import Certificates

extension Certificate {
  /// The SHA-256 digest of the encoding; computed on every call.
  package var fingerprint: Fingerprint {
    guard let fingerprint = Fingerprint(bytes: Digest.sha256(derBytes)) else {
      preconditionFailure("SHA-256 did not make \(Fingerprint.length) bytes")
    }
    return fingerprint
  }
}
