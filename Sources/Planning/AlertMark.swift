// SPDX-License-Identifier: Apache-2.0

package import Certificates

/// An alert about the end of one certificate, raised once.
package struct AlertMark: Sendable, Hashable {
  package var subject: Subject
  package var role: Role
  package var certificate: Fingerprint
  package var kind: Kind

  package init(subject: Subject, role: Role, certificate: Fingerprint, kind: Kind) {
    self.subject = subject
    self.role = role
    self.certificate = certificate
    self.kind = kind
  }

  /// A certificate has few marks, and plans look for them by the thousand.
  package func hash(into hasher: inout Hasher) { hasher.combine(certificate) }

  /// What the certificate is to the subject.
  package enum Role: String, Sendable, Hashable, CaseIterable {
    /// The identity that a service key or a keystore holds.
    case identity
    /// The identity in the files of a keystore, where its source already has another one.
    case written
    /// The certificate that certrotd logs in to a service key's platform with.
    case login
    /// The leaf that an endpoint presents.
    case leaf
    /// A certificate that a keystore trusts and still needs.
    case trust
  }

  package enum Kind: Sendable, Hashable {
    /// The end is nearer than this mark of `alert-before`, in whole seconds.
    case expiring(mark: Int64)
    case expired

    /// The mark in seconds; the end itself is 0.
    var seconds: Int64 {
      switch self {
      case .expiring(let mark): mark
      case .expired: 0
      }
    }
  }
}
