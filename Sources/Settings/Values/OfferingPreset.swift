// SPDX-License-Identifier: Apache-2.0

/// The services whose keys are known: which parameters ask for a certificate, how long it may live, where it stands.
///
/// Sources: SAP's documentation of each service ("Specifying Service Instance and Service Key Parameters in JSON Format",
/// "Parameters for X.509 Certificates", "Reference Information for the Identity Service", "Ingest via JSON API Endpoint").
package enum OfferingPreset: String, Sendable, CaseIterable {
  /// `it-rt`, plans `integration-flow` and `api`.
  case cloudIntegration = "cloud-integration"
  case xsuaa
  case identity
  case destination
  case serviceManager = "service-manager"
  /// Reuse services that pass their parameters below `xsuaa` on, such as the audit log or the UI theme designer.
  case xsuaaReuse = "xsuaa-reuse"
  case cloudLogging = "cloud-logging"

  /// How many days a certificate may be valid.
  package var validity: ClosedRange<Int> {
    switch self {
    case .cloudIntegration, .serviceManager: 1...365
    case .xsuaa, .identity, .destination, .xsuaaReuse: 1...30
    case .cloudLogging: 1...180
    }
  }

  /// Days where the configuration does not say: as long as the service allows, for the most time to renew, but not beyond
  /// what Cloud Logging gives by itself.
  package var usualValidity: Int { self == .cloudLogging ? 90 : validity.upperBound }

  /// In bits; empty where the service decides.
  package var keyLengths: [Int] {
    switch self {
    case .cloudIntegration, .identity: [2048, 4096]
    case .xsuaa, .destination, .serviceManager, .xsuaaReuse: [2048, 4096, 8192]
    case .cloudLogging: []
    }
  }

  /// Where certificate and key stand; nil where the shape tells.
  package var fields: ServiceKeyFields? {
    self == .cloudLogging
      ? ServiceKeyFields(certificate: "credentials.ingest-mtls-cert", key: "credentials.ingest-mtls-key") : nil
  }

  /// Whether a key can be proven with a token.
  package var hasTokenEndpoint: Bool { self != .cloudLogging }

  /// The parameters of a new key.
  ///
  /// - Parameters:
  ///   - days: within `validity`.
  ///   - keyLength: one of `keyLengths`; not used where they are empty.
  ///   - base: of the key's name, at most 20 characters.
  /// - Returns: what the service takes.
  package func parameters(days: Int, keyLength: Int, base: String) -> ParameterValue {
    let x509: ParameterValue = .object([
      "key-length": .integer(keyLength), "validity": .integer(days), "validity-type": .string("DAYS"),
    ])
    let certificate: ParameterValue = .object(["credential-type": .string("x509"), "x509": x509])
    return switch self {
    case .cloudIntegration:
      .object([
        "key-type": .string("certificate"), "validity": .integer(days), "key-length": .integer(keyLength),
      ])
    case .xsuaa, .destination, .serviceManager: certificate
    case .xsuaaReuse: .object(["xsuaa": certificate])
    case .identity:
      .object([
        "credential-type": .string("X509_GENERATED"), "key-length": .integer(keyLength), "validity": .integer(days),
        "validity-type": .string("DAYS"),
        // Without it each key has another subject, of which an instance may have twenty.
        "app-identifier": .string(base),
      ])
    case .cloudLogging: .object(["ingest": .object(["certValidityDays": .integer(days)])])
    }
  }
}
