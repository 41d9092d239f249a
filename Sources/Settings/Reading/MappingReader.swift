// SPDX-License-Identifier: Apache-2.0

/// Reads one mapping: hands out values by key, and reports keys that do not belong there.
struct MappingReader {
  let field: Field
  let group: KeyGroup
  private let entries: [String: YAMLNode.Entry]
  /// Keys that stand there without a value, which is a mistake that has been reported.
  private var empty: Set<String> = []

  /// - Returns: nil, and a mistake, when the value is no mapping.
  init?(_ field: Field, _ group: KeyGroup) {
    guard case .mapping(let list) = field.node.content else {
      let example = group.keys.first.map { "\($0.name): \($0.example)" } ?? ""
      field.report("must be a mapping, not \(field.node.kind)", hint: "write for example '\(example)' in it")
      return nil
    }
    self.field = field
    self.group = group
    entries = Dictionary(list.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    for entry in field.node.repeated { Secrets.report(in: field.child(entry.value, entry.key)) }
    for entry in list {
      if !group.knows(entry.key) {
        reportUnknown(entry)
      } else if case .scalar(let text) = entry.value.content, Secrets.isPrivateKey(text) {
        empty.insert(entry.key)
        Secrets.reportPrivateKey(field.child(entry.value, entry.key))
      } else if case .null = entry.value.content {
        empty.insert(entry.key)
        field.child(entry.value, entry.key).report("has no value")
      }
    }
  }

  /// The value of a key of the group, nil when it is not given.
  subscript(_ key: String) -> Field? {
    assert(group.knows(key), "\(key) is missing in the key table")
    guard let entry = entries[key], !empty.contains(key) else { return nil }
    return field.child(entry.value, key)
  }

  /// The value of a key that must be given; nil, and a mistake, when it is not.
  func required(_ key: String) -> Field? {
    if entries[key] == nil {
      field.report("the key '\(key)' is missing", hint: example(of: key))
    }
    return self[key]
  }

  /// Whether a key stands there that is not known, which has been reported.
  var hasUnknownKeys: Bool { !entries.keys.allSatisfy(group.knows) }

  /// Reads the one key among several that is given; nil, and a mistake, when there is not exactly one.
  ///
  /// Of several, each is read, so that what is wrong in them is told in the same run; nothing of them counts.
  func exactlyOne<Value>(of keys: [String], _ read: (_ key: String, _ field: Field) -> Value?) -> Value? {
    let given = keys.filter { entries[$0] != nil }
    let values = given.map { key in self[key].flatMap { read(key, $0) } }
    if given.count == 1 { return values.first ?? nil }
    let list = keys.map { "'\($0)'" }.joined(separator: ", ")
    let problem = given.isEmpty ? "one of the keys \(list) is missing" : "only one of the keys \(list) may be given"
    // An unknown key has been reported, and was probably meant to be one of these.
    if !given.isEmpty || entries.keys.allSatisfy(group.knows) { field.report(problem) }
    return nil
  }

  private func example(of key: String) -> String? {
    group.keys.first { $0.name == key }.map { "write for example '\($0.name): \($0.example)'" }
  }

  private func reportUnknown(_ entry: YAMLNode.Entry) {
    let owner = field.child(entry.value, entry.key)
    let name = Secrets.redacted(entry.key)
    func report(_ message: String, hint: String?) {
      field.context.report(entry.position, key: owner.path, message, hint: hint)
    }
    if Secrets.isKeyOfSecret(entry.key) {
      report("a secret must not stand in the configuration", hint: Secrets.advice(group))
    } else if let near = group.nearestKey(to: entry.key) {
      report("unknown key '\(name)'", hint: "did you mean '\(near)'?")
    } else if let home = KeyTable.groups(with: entry.key).first {
      report("unknown key '\(name)' here", hint: "it belongs in '\(home.title)'")
    } else {
      let known = group.keys.map(\.name).joined(separator: ", ")
      report("unknown key '\(name)'", hint: "known here: \(known)")
    }
  }
}
