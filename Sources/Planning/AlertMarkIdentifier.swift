// SPDX-License-Identifier: Apache-2.0

import Certificates

/// The text that seeds the rhythm of an alert, the same in every run: `keystore:trust:HEX:604800:NAME`.
///
/// The kind of subject, the role, the certificate's SHA-256, the mark in seconds (0 for expired), and the name last, since
/// only it is not ours to choose.
extension AlertMark {
  package var identifier: String {
    let kind: String =
      switch subject {
      case .endpoint: "endpoint"
      case .serviceKey: "service-key"
      case .keystore: "keystore"
      }
    return "\(kind):\(role.rawValue):\(certificate):\(self.kind.seconds):\(subject.name)"
  }
}
