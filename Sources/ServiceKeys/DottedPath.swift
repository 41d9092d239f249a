// SPDX-License-Identifier: Apache-2.0

/// Follows a dotted path such as `messaging.0.oa2.key` through a JSON document.
///
/// Names may contain dots themselves, as `tls.crt` does: every way to part the path is tried, the shortest names first.
/// Text that holds JSON is entered as if it stood there.
enum DottedPath {
  struct Target {
    var text: String
    /// The object or list that holds the text, and its path.
    var owner: JSONValue
    var ownerPath: String
  }

  /// The text at the path; nil when it leads nowhere or to something else.
  static func resolve(_ path: String, _ root: JSONValue) -> Target? {
    let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard !parts.isEmpty, parts.count <= longest else { return nil }
    return resolve(parts[...], in: root, walked: [])
  }

  private static func resolve(_ parts: ArraySlice<String>, in value: JSONValue, walked: [String]) -> Target? {
    switch value {
    case .object(let members):
      for count in 1...max(1, parts.count) where count <= parts.count {
        let name = parts.prefix(count).joined(separator: ".")
        guard let member = members[name] else { continue }
        let rest = parts.dropFirst(count)
        if rest.isEmpty, case .string(let text) = member {
          return Target(text: text, owner: value, ownerPath: walked.joined(separator: "."))
        }
        if !rest.isEmpty, let target = resolve(rest, in: member, walked: walked + [name]) { return target }
      }
      return nil
    case .array(let elements):
      guard let first = parts.first, let index = Int(first), elements.indices.contains(index) else { return nil }
      let rest = parts.dropFirst()
      if rest.isEmpty, case .string(let text) = elements[index] {
        return Target(text: text, owner: value, ownerPath: walked.joined(separator: "."))
      }
      return rest.isEmpty ? nil : resolve(rest, in: elements[index], walked: walked + [first])
    case .string(let text):
      return CredentialSearch.embeddedJSON(text).flatMap { resolve(parts, in: $0, walked: walked) }
    case .other:
      return nil
    }
  }

  private static let longest = 16
}
