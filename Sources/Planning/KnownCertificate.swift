// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

/// As much of a certificate as planning needs.
package struct KnownCertificate: Sendable, Hashable {
  package var fingerprint: Fingerprint
  /// The subject as people read it, such as "CN=Example Root, O=Example".
  package var subject: String
  package var notBefore: Date
  package var notAfter: Date

  package init(fingerprint: Fingerprint, subject: String, notBefore: Date, notAfter: Date) {
    self.fingerprint = fingerprint
    self.subject = subject
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  package static func == (left: KnownCertificate, right: KnownCertificate) -> Bool {
    left.fingerprint == right.fingerprint
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}
