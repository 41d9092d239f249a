// SPDX-License-Identifier: Apache-2.0

/// An object of the JSON that may be the credentials: it has a certificate under one of the known names.
struct CredentialCandidate {
  /// The object's own members, decoded where they were Base64.
  var members: JSONValue
  /// Dotted path of the object.
  var path: String
  var certificate: String
  var certificatePath: String
  /// Nil when there is a certificate only.
  var key: String?
  var keyPath: String
  /// Whether the values of the object were Base64, as in a Kubernetes secret.
  var isEncoded: Bool

  /// Under which names certificate and private key are known: most services; SAP Cloud Logging's two endpoints;
  /// Kubernetes secrets of the type `kubernetes.io/tls`.
  static let fieldNames: [(certificate: String, key: String)] = [
    ("certificate", "key"), ("ingest-mtls-cert", "ingest-mtls-key"), ("ingest-otlp-cert", "ingest-otlp-key"),
    ("tls.crt", "tls.key"),
  ]
}
