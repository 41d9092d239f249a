// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge

/// Where test certificates begin: roots and self-signed leaves.
///
/// ```swift
/// let root = try TestCA.root()
/// let issuing = try root.intermediate()
/// let server = try issuing.leaf(dns: "localhost") { $0.notAfter = .now - 60 }
/// ```
package enum TestCA {
  /// A self-signed certificate authority.
  ///
  /// - Parameters:
  ///   - subject: Its distinguished name.
  ///   - configure: Changes what is asked for.
  /// - Returns: The root and its key.
  /// - Throws: `CertificateError` for a name that cannot be read, `OpenSSLError` for what OpenSSL refuses.
  package static func root(
    _ subject: String = "CN=Test Root, O=certrotd", _ configure: (inout TestCertificateOptions) -> Void = { _ in }
  ) throws -> TestIdentity {
    try selfSigned(subject) { options in
      options.authority = .init(pathLength: nil)
      options.notAfter = options.notBefore + 3650 * 86_400
      configure(&options)
    }
  }

  /// A certificate that is signed with its own key and, unless `configure` says otherwise, is no authority.
  ///
  /// - Parameters:
  ///   - subject: Its distinguished name.
  ///   - configure: Changes what is asked for.
  /// - Returns: The certificate and its key.
  /// - Throws: `CertificateError` for a name that cannot be read, `OpenSSLError` for what OpenSSL refuses.
  package static func selfSigned(
    _ subject: String, _ configure: (inout TestCertificateOptions) -> Void = { _ in }
  ) throws -> TestIdentity {
    var options = TestCertificateOptions(subject: subject)
    configure(&options)
    let key = try options.key ?? TestKeys.make(options.keyKind)
    return TestIdentity(certificate: try options.certify(key, signedBy: key, issuer: nil), key: key, issuers: [])
  }
}
