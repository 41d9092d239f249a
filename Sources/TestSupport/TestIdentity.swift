// SPDX-License-Identifier: Apache-2.0

package import Certificates
import FoundationEssentials
package import OpenSSLBridge

/// A test certificate with its private key, and what it takes to issue others with it.
package struct TestIdentity: Sendable {
  package let certificate: Certificate
  package let key: PrivateKey
  /// From the direct issuer to the root.
  package let issuers: [Certificate]

  package init(certificate: Certificate, key: PrivateKey, issuers: [Certificate]) {
    self.certificate = certificate
    self.key = key
    self.issuers = issuers
  }

  /// What a well-behaved server sends: the certificate and its issuers without the root.
  package var chain: [Certificate] { [certificate] + issuers.dropLast() }

  /// Issues a certificate with this key, whether or not this certificate may do that.
  ///
  /// - Parameters:
  ///   - subject: The new distinguished name.
  ///   - configure: Changes what is asked for.
  /// - Returns: The new certificate and its key.
  /// - Throws: `CertificateError` for a name that cannot be read, `OpenSSLError` for what OpenSSL refuses.
  package func issue(
    _ subject: String, _ configure: (inout TestCertificateOptions) -> Void = { _ in }
  ) throws -> TestIdentity {
    var options = TestCertificateOptions(subject: subject)
    configure(&options)
    let newKey = try options.key ?? TestKeys.make(options.keyKind)
    return TestIdentity(
      certificate: try options.certify(newKey, signedBy: key, issuer: certificate), key: newKey,
      issuers: [certificate] + issuers)
  }

  /// Issues an intermediate authority.
  ///
  /// - Parameters:
  ///   - subject: The new distinguished name.
  ///   - configure: Changes what is asked for.
  /// - Returns: The authority and its key.
  /// - Throws: `CertificateError` for a name that cannot be read, `OpenSSLError` for what OpenSSL refuses.
  package func intermediate(
    _ subject: String = "CN=Test Issuing CA, O=certrotd", _ configure: (inout TestCertificateOptions) -> Void = { _ in }
  ) throws -> TestIdentity {
    try issue(subject) { options in
      options.authority = .init(pathLength: nil)
      options.notAfter = options.notBefore + 1825 * 86_400
      configure(&options)
    }
  }

  /// Issues a certificate for servers and clients.
  ///
  /// - Parameters:
  ///   - dns: Its common name and, unless `configure` says otherwise, its only alternative name.
  ///   - configure: Changes what is asked for.
  /// - Returns: The certificate and its key.
  /// - Throws: `CertificateError` for a name that cannot be read, `OpenSSLError` for what OpenSSL refuses.
  package func leaf(
    dns: String = "localhost", _ configure: (inout TestCertificateOptions) -> Void = { _ in }
  ) throws -> TestIdentity {
    try issue("CN=\(dns)") { options in
      options.dnsNames = [dns]
      options.purposes = [.server, .client]
      configure(&options)
    }
  }
}
