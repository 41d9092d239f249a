// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// A PSE file (Documentation/pse-format.md).
package struct PSEFileSettings: Sendable, Hashable {
  package var path: OutputPath
  /// Nil where nobody has said: ``Defaults/pseVersion``, or that of the file whose place it takes.
  package var version: Version?
  /// The credential that the PIN comes from; nil writes a file that opens without one, or as the one whose place it takes.
  package var pin: CredentialReference?
  /// Whether somebody has said that the file shall open without a PIN.
  package var isWithoutPIN: Bool
  package var certificateList: CertificateList
  package var writer: Writer
  /// SAP's tool, where it writes the file or its credentials.
  package var tool: SapgenpseSettings
  /// The account whose programs get credentials for the PIN; nil for none.
  package var login: String?

  package init(
    path: OutputPath, version: Version? = nil, pin: CredentialReference? = nil, isWithoutPIN: Bool = false,
    certificateList: CertificateList = .issuers, writer: Writer = .native,
    tool: SapgenpseSettings = SapgenpseSettings(), login: String? = nil
  ) {
    self.path = path
    self.version = version
    self.pin = pin
    self.isWithoutPIN = isWithoutPIN
    self.certificateList = certificateList
    self.writer = writer
    self.tool = tool
    self.login = login
  }

  /// Where SAP's own tool writes the credentials; nil where it writes none.
  package var credentialsFile: FilePath? {
    guard login != nil, case .absolute(let path) = path else { return nil }
    return (tool.secudir ?? path.removingLastComponent()).appending("cred_v2")
  }

  /// Who makes the bytes.
  package enum Writer: String, Sendable, CaseIterable {
    /// certrotd itself.
    case native
    /// SAP's own tool.
    case sapgenpse
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
