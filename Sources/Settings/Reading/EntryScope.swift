// SPDX-License-Identifier: Apache-2.0

/// What an entry is read against: what it inherits, what it may refer to, and what is written already.
struct EntryScope {
  var defaults: Defaults
  var endpointNames: [String]
  var serviceKeyNames: [String]
  /// Names of entries that were refused for them; who refers to one need not be told again.
  var refusedNames: Set<String> = []
  /// Those of them that could be read, once they were.
  var serviceKeys: [ServiceKeySettings] = []
  var outputs: OutputRegistry
  var logins = LoginRegistry()

  /// The name of an endpoint that exists.
  func endpoint(_ field: Field) -> String? {
    reference(field, to: "endpoint", among: endpointNames)
  }

  /// The name of a service key that exists.
  func serviceKey(_ field: Field) -> String? {
    reference(field, to: "service key", among: serviceKeyNames)
  }

  private func reference(_ field: Field, to kind: String, among names: [String]) -> String? {
    if let name = field.scalar, refusedNames.contains(name), !names.contains(name) { return nil }
    guard let name = field.entryName() else { return nil }
    guard names.contains(name) else {
      let near = KeyGroup.nearest(to: name, among: names).map { "did you mean '\($0)'?" }
      field.report("there is no \(kind) '\(name)'", hint: near ?? "define it, or remove the reference")
      return nil
    }
    return name
  }
}
