// SPDX-License-Identifier: Apache-2.0

/// A PSE file (Documentation/pse-format.md).
package struct PSEFileSettings: Sendable, Hashable {
  package var path: OutputPath
  package var version: Version
  /// The credential that the PIN comes from; nil writes a file that opens without one.
  package var pin: CredentialReference?
  package var certificateList: CertificateList

  package init(
    path: OutputPath, version: Version = .two, pin: CredentialReference? = nil,
    certificateList: CertificateList = .issuers
  ) {
    self.path = path
    self.version = version
    self.pin = pin
    self.certificateList = certificateList
  }

  /// The number in front of the file.
  package enum Version: String, Sendable, CaseIterable {
    case two = "2"
    case four = "4"
  }

  /// What the object `CertList` of an issued identity holds, of which no genuine file is known.
  package enum CertificateList: String, Sendable, CaseIterable {
    /// Every issuer up to the root.
    case issuers
    /// The own certificate and every issuer up to the root.
    case chain
  }
}
