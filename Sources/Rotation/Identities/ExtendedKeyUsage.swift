// SPDX-License-Identifier: Apache-2.0

/// Names of the purposes that a certificate allows (RFC 5280, section 4.2.1.12).
enum ExtendedKeyUsage {
  /// The name of a purpose, such as `clientAuth`; the dotted object identifier itself where it has no common name.
  static func name(_ identifier: String) -> String { names[identifier] ?? identifier }

  private static let names = [
    "1.3.6.1.5.5.7.3.1": "serverAuth", "1.3.6.1.5.5.7.3.2": "clientAuth", "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection", "1.3.6.1.5.5.7.3.8": "timeStamping", "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "anyExtendedKeyUsage",
  ]
}
