// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import OpenSSLBridge
package import PSEFormat

/// Why a file could not be made of a keystore's content, or not be read.
///
/// The description is one sentence without the file's path, which the caller puts before it.
package enum KeystoreError: Error, Sendable {
  /// The format holds an identity and the keystore has none.
  case identityMissing(FileFormat)
  /// The format holds a trust list, the keystore trusts nothing, and an empty file would mean something else.
  case trustMissing(FileFormat)
  /// The bytes are not of the format; `member` is the name in a folder.
  case damaged(FileFormat, member: String?, reason: String)
  case pse(PSEError)
  case pin(PINCipherError)
  case certificate(member: String?, CertificateError)
  case key(PrivateKeyError)
  case pkcs12(PKCS12Error)
  case openSSL(OpenSSLError)
}

extension KeystoreError {
  /// Whether no file of the format can have such a password or PIN.
  package var concernsThePassword: Bool {
    switch self {
    case .pin(.emptyPIN), .pin(.longPIN), .pin(.notASCII), .pkcs12(.passwordHoldsZeroByte): true
    default: false
    }
  }
}

extension KeystoreError {
  /// The description with what to do about it, where the file was to be written in this format.
  package func sentence(writing format: FileFormat) -> String {
    guard case .key(.wrongKind(_, let found)) = self else { return description }
    switch format {
    case .pse:
      return """
        a PSE takes RSA keys only, and the private key is \(found): have the identity made with an RSA key, or write it to \
        PEM or PFX files in place of a PSE
        """
    case .pem: return "\(description): write the key as PKCS #8 (key-format: pkcs8)"
    case .pfx, .caDirectory, .javaTruststore: return description
    }
  }
}

extension KeystoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .identityMissing(let format):
      "a \(format) file holds an identity and the keystore has none; configure `identity` or remove the file"
    case .trustMissing(let format):
      "a \(format) holds trusted certificates and the keystore trusts nothing yet; configure `trust`, or wait until "
        + "its endpoints have answered"
    case .damaged(let format, let member, let reason):
      "\(Self.prefix(member))not a readable \(format): \(reason)"
    case .pse(let error): error.description
    case .pin(let error): error.description
    case .certificate(let member, let error): Self.prefix(member) + error.description
    case .key(let error): error.description
    case .pkcs12(let error): error.description
    case .openSSL(let error): error.description
    }
  }

  private static func prefix(_ member: String?) -> String { member.map { "\($0): " } ?? "" }
}
