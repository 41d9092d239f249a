// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// One entry of a keystore's `files`: a format, where it goes, and who may read it.
package struct FileSettings: Sendable, Hashable {
  package var format: FileFormatSettings
  /// Account name or number; nil leaves the file to the account that certrotd runs as.
  package var owner: String?
  package var group: String?
  /// Permission bits, such as 0o640; nil where nobody has said: ``Defaults/fileMode``.
  package var mode: UInt16?

  package init(
    format: FileFormatSettings, owner: String? = nil, group: String? = nil, mode: UInt16? = nil
  ) {
    self.format = format
    self.owner = owner
    self.group = group
    self.mode = mode
  }
}

/// The formats that a keystore can be written in.
package enum FileFormatSettings: Sendable, Hashable {
  /// SAP Personal Security Environment.
  case pse(PSEFileSettings)
  case pem(PEMFileSettings)
  case pfx(PFXFileSettings)
  /// A folder with one PEM file for each trusted certificate.
  case caDirectory(path: OutputPath)
  /// PKCS#12 without a private key, as the Java platform reads trust stores.
  case javaTruststore(path: OutputPath, password: PasswordSource)

  /// Every path that is written, in the order of the configuration keys.
  package var paths: [OutputPath] {
    switch self {
    case .caDirectory(let path), .javaTruststore(let path, _): [path]
    case .pem(let pem): [pem.certificate, pem.key].compactMap(\.self)
    case .pfx(let pfx): [pfx.path]
    case .pse(let pse): [pse.path]
    }
  }

  /// Whether it holds trusted certificates and nothing else.
  package var isTrustList: Bool {
    switch self {
    case .caDirectory, .javaTruststore: true
    case .pse, .pem, .pfx: false
    }
  }

  /// The credential that the file's password or PIN comes from.
  package var password: CredentialReference? {
    switch self {
    case .pfx(let pfx): pfx.password.credential
    case .javaTruststore(_, let password): password.credential
    case .pse(let pse): pse.pin
    case .pem, .caDirectory: nil
    }
  }
}

/// PEM files of the identity.
///
/// At least one of the two paths is set.
package struct PEMFileSettings: Sendable, Hashable {
  /// Gets the leaf, its issuers and the root, in this order.
  package var certificate: OutputPath?
  package var key: OutputPath?
  package var keyFormat: KeyFormat

  package init(certificate: OutputPath?, key: OutputPath?, keyFormat: KeyFormat = .pkcs8) {
    self.certificate = certificate
    self.key = key
    self.keyFormat = keyFormat
  }

  /// How a private key is framed.
  package enum KeyFormat: String, Sendable, CaseIterable {
    /// `RSA PRIVATE KEY` or `EC PRIVATE KEY` (RFC 8017, appendix A.1.2; RFC 5915).
    case pkcs1
    /// `PRIVATE KEY` (RFC 5958).
    case pkcs8
  }
}

/// A PKCS#12 file with the identity.
package struct PFXFileSettings: Sendable, Hashable {
  package var path: OutputPath
  package var password: PasswordSource
  package var profile: Profile
  /// The friendly name of the identity.
  package var alias: String

  package init(path: OutputPath, password: PasswordSource, profile: Profile = .modern, alias: String) {
    self.path = path
    self.password = password
    self.profile = profile
    self.alias = alias
  }

  /// Which algorithms protect the file.
  package enum Profile: String, Sendable, CaseIterable {
    /// PBES2 with AES-256, MAC with SHA-256.
    case modern
    /// PBE with SHA-1 and three-key Triple DES, for older SAP libraries.
    case legacy
  }
}

/// Where the password of a file comes from.
package enum PasswordSource: Sendable, Hashable {
  case credential(CredentialReference)
  /// Asked for with `empty-password: true`.
  case empty

  package var credential: CredentialReference? {
    guard case .credential(let reference) = self else { return nil }
    return reference
  }
}

/// Where an output is written.
package enum OutputPath: Sendable, Hashable {
  /// A normalised path below the keystore's own folder, without `.` and `..`.
  case inKeystore(String)
  /// A normalised absolute path anywhere else.
  case absolute(FilePath)
}

extension OutputPath: CustomStringConvertible {
  package var description: String {
    switch self {
    case .inKeystore(let path): path
    case .absolute(let path): path.string
    }
  }
}
