// SPDX-License-Identifier: Apache-2.0

package import Certificates

/// Why a file is no usable service key.
///
/// No case holds a secret.
package enum ServiceKeyError: Error, Sendable, Hashable {
  case empty
  /// In bytes.
  case tooLarge(limit: Int)
  case notText
  /// `place` is `line L, column C` where it is known.
  case notJSON(place: String?)
  case truncated
  case tooDeep(limit: Int)
  /// PEM text instead of a service key.
  case pemText
  /// A key of the kind client identifier and secret.
  case secretOnly(path: String)
  case noCertificate
  /// A certificate whose private key is not in the file.
  case keyMissing(path: String)
  /// Several different service keys in one file; dotted paths of the objects.
  case ambiguous(paths: [String])
  case badCertificate(path: String, reason: CertificateError)
  /// The field has text, but no certificate is in it.
  case noCertificateText(path: String)
  case badKey(path: String, reason: String)
  /// A configured path leads nowhere, or to something other than text.
  case fieldMissing(path: String)
}

extension ServiceKeyError {
  /// The configuration is wrong when a configured path is; otherwise it is the file that somebody put there.
  package var culprit: Culprit { .configuration }
}

extension ServiceKeyError: CustomStringConvertible {
  /// A sentence for the operator: what is wrong, and what to do.
  ///
  /// The file's name belongs in front.
  package var description: String {
    switch self {
    case .empty:
      "the file is empty; download the service key again"
    case .tooLarge(let limit):
      "the file is larger than \(limit) bytes; a service key is not"
    case .notText:
      "the file is neither UTF-8 nor UTF-16 text; save the service key as plain text"
    case .notJSON(let place):
      "the file is not JSON\(place.map { " (\($0))" } ?? ""); download the service key again, and do not edit it"
    case .truncated:
      "the JSON ends too early: the file is cut off; copy the whole service key, up to the last brace"
    case .tooDeep(let limit):
      "the JSON is nested more than \(limit) levels deep; this is no service key"
    case .pemText:
      "the file holds PEM text, not a service key; use it as identity: {pem: {certificate: …, key: …}}"
    case .secretOnly(let path):
      "\(Self.place(path)) holds a client secret, no certificate; create a service key of the type Certificate"
    case .noCertificate:
      "no known shape of a service key fits; say in 'fields' where certificate and key stand"
    case .keyMissing(let path):
      "\(Self.place(path)) holds a certificate without its private key, as service keys of the type External"
        + " Certificate do; create one of the type Certificate, or use the key's own PEM files as identity"
    case .ambiguous(let paths):
      "the file holds several different service keys, at \(paths.map(Self.place).joined(separator: ", "));"
        + " say in 'fields' which one is meant"
    case .badCertificate(let path, let reason):
      "\(Self.place(path)): \(reason); download the service key again"
    case .noCertificateText(let path):
      "\(Self.place(path)) holds no PEM certificate; download the service key again"
    case .badKey(let path, let reason):
      "\(Self.place(path)): \(reason); download the service key again"
    case .fieldMissing(let path):
      "there is no text at '\(path)'; correct 'fields'"
    }
  }

  static func place(_ path: String) -> String {
    path.isEmpty ? "the document" : "'\(path)'"
  }
}
