// SPDX-License-Identifier: Apache-2.0

package import Host
package import OpenSSLBridge
package import PSEFormat

/// A form in which a keystore is written: one file, or one folder.
package enum FileFormat: Sendable, Equatable {
  /// SAP's keystore (Documentation/pse-format.md): the identity, its issuers, the trust list.
  case pse(PSEOptions = PSEOptions())
  /// One PEM file (RFC 7468) of the identity.
  case pem(PEMPart)
  /// PKCS #12 with key, certificate and issuers (RFC 7292), as STRUST imports it.
  case pfx(PFXOptions)
  /// A folder with one PEM file for each trusted certificate, as the certificate list of STRUST takes them.
  case caDirectory
  /// PKCS #12 without a key, as the Java platform reads trust stores.
  case javaTruststore(password: SecretBytes)

  package enum PEMPart: Sendable, Equatable {
    /// The certificate, its issuers, the root, in this order.
    ///
    /// The root is included because SAP's own service keys do so, and because a load balancer of SAP passes a client
    /// certificate on only when it is shown the chain up to a root that it knows.
    case certificate
    case key(PrivateKey.PEMFormat)
  }

  package struct PSEOptions: Sendable, Equatable {
    package let version: PSEVersion
    /// ASCII; nil for a file that opens without one.
    package let pin: SecretBytes?
    package let list: PSECertificateListReading

    package init(version: PSEVersion = .two, pin: SecretBytes? = nil, list: PSECertificateListReading = .issuers) {
      self.version = version
      self.pin = pin
      self.list = list
    }
  }

  package struct PFXOptions: Sendable, Equatable {
    /// Empty when a file without a password is asked for.
    package let password: SecretBytes
    package let profile: PKCS12.Profile
    /// The friendly name of the key and its certificate.
    package let alias: String

    package init(password: SecretBytes, profile: PKCS12.Profile, alias: String) {
      self.password = password
      self.profile = profile
      self.alias = alias
    }
  }
}

extension FileFormat {
  /// What a format has room for.
  package struct Parts: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let key = Parts(rawValue: 1)
    /// The identity's certificate with its issuers.
    package static let certificate = Parts(rawValue: 2)
    package static let trust = Parts(rawValue: 4)
    /// Objects that certrotd does not understand.
    package static let objects = Parts(rawValue: 8)
  }

  package var parts: Parts {
    switch self {
    case .pse: [.key, .certificate, .trust, .objects]
    case .pem(.certificate): .certificate
    case .pem(.key): .key
    case .pfx: [.key, .certificate]
    case .caDirectory, .javaTruststore: .trust
    }
  }
}

extension FileFormat: CustomStringConvertible {
  /// The name that the configuration has for the format.
  package var description: String {
    switch self {
    case .pse: "pse"
    case .pem(.certificate): "pem certificate"
    case .pem(.key): "pem key"
    case .pfx: "pfx"
    case .caDirectory: "ca-directory"
    case .javaTruststore: "java-truststore"
    }
  }
}
