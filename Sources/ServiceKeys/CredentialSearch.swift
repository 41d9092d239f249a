// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Looks through a JSON document for objects that hold a client certificate.
struct CredentialSearch {
  private(set) var candidates: [CredentialCandidate] = []
  /// Dotted paths of objects that hold a client secret.
  private(set) var secretPaths: [String] = []
  private var remainingObjects = 20_000

  init(_ document: JSONValue) {
    visit(document, path: [], embedded: 0)
  }

  /// Depth is limited by the reader of the JSON, and for JSON within text by `embedded`.
  private mutating func visit(_ value: JSONValue, path: [String], embedded: Int) {
    guard remainingObjects > 0 else { return }
    switch value {
    case .object(let members):
      remainingObjects -= 1
      inspect(value, path)
      for (key, member) in members.sorted(by: { $0.key < $1.key }) {
        visit(member, path: path + [key], embedded: embedded)
      }
    case .array(let elements):
      for (index, element) in elements.enumerated() { visit(element, path: path + ["\(index)"], embedded: embedded) }
    case .string(let text):
      // Kubernetes secrets may hold the whole service key as one value; VCAP_SERVICES may be quoted in a file.
      guard embedded < 2, let inner = Self.embeddedJSON(text) else { return }
      visit(inner, path: path, embedded: embedded + 1)
    case .other: break
    }
  }

  private mutating func inspect(_ object: JSONValue, _ path: [String]) {
    let dotted = path.joined(separator: ".")
    for names in CredentialCandidate.fieldNames {
      guard let written = object.text(names.certificate), let certificate = Self.pem(written) else { continue }
      let isEncoded = certificate != written
      candidates.append(
        CredentialCandidate(
          members: isEncoded ? Self.decoded(object) : object, path: dotted, certificate: certificate,
          certificatePath: (path + [names.certificate]).joined(separator: "."),
          key: object.text(names.key).flatMap { $0.isEmpty ? nil : Self.pem($0) ?? $0 },
          keyPath: (path + [names.key]).joined(separator: "."), isEncoded: isEncoded))
    }
    if object.text("clientsecret") != nil { secretPaths.append(dotted) }
  }

  /// Text that holds PEM, as it is or in Base64; nil for other text.
  static func pem(_ text: String) -> String? {
    if text.contains("-----BEGIN ") { return text }
    guard let decoded = base64Text(text), decoded.contains("-----BEGIN ") else { return nil }
    return decoded
  }

  /// JSON that stands in a text, as it is or in Base64; nil for other text.
  static func embeddedJSON(_ text: String) -> JSONValue? {
    let isJSON = { (text: String) in text.first { !$0.isWhitespace } == "{" }
    let plain = isJSON(text) ? text : base64Text(text).flatMap { isJSON($0) ? $0 : nil }
    // Text that only begins like JSON is no mistake: it is then just text.
    return plain.flatMap { try? JSONValue.read(Array($0.utf8)) }
  }

  private static func base64Text(_ text: String) -> String? {
    guard text.utf8.count >= 8, let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else {
      return nil
    }
    return String(validating: data, as: UTF8.self)
  }

  private static func decoded(_ object: JSONValue) -> JSONValue {
    guard case .object(let members) = object else { return object }
    return .object(
      members.mapValues { value in
        guard case .string(let text) = value, let decoded = base64Text(text) else { return value }
        return .string(decoded)
      })
  }
}
