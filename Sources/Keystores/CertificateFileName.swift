// SPDX-License-Identifier: Apache-2.0

import Certificates
import OpenSSLBridge

/// Names for the members of a `ca-directory`, such as `DigiCert_Global_Root_G2-cb3ccbb76031e5e0.crt`.
///
/// The name depends on the certificate alone: the same certificate has the same name in every generation.
enum CertificateFileName {
  static func name(of certificate: Certificate) -> String { stem(of: certificate) + suffix }

  /// The name without its suffix, also the alias in a Java trust store.
  static func stem(of certificate: Certificate) -> String {
    "\(readable(certificate.subject))-\(certificate.fingerprint.short)"
  }

  static let suffix = ".crt"

  /// The common name, or whatever the subject has, in characters that every file system and shell takes as they are.
  private static func readable(_ subject: DistinguishedName) -> String {
    let text = subject.commonName ?? subject.attributes.last?.value ?? ""
    var readable = ""
    for character in text.unicodeScalars {
      let isPlain = character.isASCII && (character.properties.isAlphabetic || character.properties.numericType != nil)
      if isPlain || character == "." || character == "-" {
        readable.unicodeScalars.append(character)
      } else if readable.last != "_" {
        readable += "_"
      }
    }
    // Neither a hidden file nor one that looks like an option.
    let trimmed = readable.drop { $0 == "." || $0 == "-" || $0 == "_" }.prefix(lengthLimit)
    return trimmed.isEmpty ? "certificate" : String(trimmed)
  }

  /// Leaves room in the 255 bytes of a name for fingerprint, suffix and what a temporary name adds.
  private static let lengthLimit = 96
}
