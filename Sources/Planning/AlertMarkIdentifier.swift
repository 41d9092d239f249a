// SPDX-License-Identifier: Apache-2.0

import Certificates

/// The text by which the ledger keeps an alert: `keystore:trust:HEX:604800:NAME`.
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

  /// Reads what `identifier` wrote; `nil` for anything else.
  package init?(identifier: String) {
    let parts = identifier.split(separator: ":", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 5, let role = Role(rawValue: String(parts[1])),
      let certificate = Fingerprint(hexadecimal: parts[2]), let seconds = Int64(parts[3]), seconds >= 0
    else { return nil }
    let name = String(parts[4])
    let subject: Subject
    switch parts[0] {
    case "endpoint": subject = .endpoint(name)
    case "service-key": subject = .serviceKey(name)
    case "keystore": subject = .keystore(name)
    default: return nil
    }
    self.init(
      subject: subject, role: role, certificate: certificate,
      kind: seconds == 0 ? .expired : .expiring(mark: seconds))
  }
}
