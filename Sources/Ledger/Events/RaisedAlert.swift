// SPDX-License-Identifier: Apache-2.0

package import Certificates

/// An expiry alert that was raised, so that it is raised once: for a certificate of a subject, at a mark before its end.
package struct RaisedAlert: Hashable, Sendable {
  package var subject: LedgerSubject
  /// What the certificate is to the subject, such as `identity` or `trust`.
  package var role: String
  package var certificate: Fingerprint
  /// How many seconds before the end the alert is due; 0 stands for the end itself.
  package var mark: Int64

  package init(subject: LedgerSubject, role: String, certificate: Fingerprint, mark: Int64) {
    self.subject = subject
    self.role = role
    self.certificate = certificate
    self.mark = mark
  }
}
