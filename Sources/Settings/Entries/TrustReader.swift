// SPDX-License-Identifier: Apache-2.0

/// Reads a keystore's `trust`.
enum TrustReader {
  static func read(_ field: Field, _ scope: EntryScope) -> TrustSettings? {
    guard let mapping = MappingReader(field, KeyTable.trust) else { return nil }
    let endpoints = mapping["endpoints"]?.list(scope.endpoint)
    let bundles = mapping["bundles"]?.list { $0.bundle() }
    let include = mapping["include"]?.list { $0.choice(TrustSettings.Part.self) }
    if include?.isEmpty == true { mapping["include"]?.report("must not be empty") }
    let trust = TrustSettings(
      endpoints: endpoints ?? [], bundles: bundles ?? [], include: include.map(Set.init) ?? TrustSettings.usualParts)
    if trust.isEmpty, [mapping["endpoints"], mapping["bundles"]].allSatisfy({ $0 == nil || $0?.elementCount == 0 }) {
      field.report("names nothing to trust", hint: "give 'endpoints', 'bundles' or both, or leave 'trust' out")
    }
    return trust
  }
}

extension Field {
  /// The number of elements when this is a list, without judging it.
  fileprivate var elementCount: Int? {
    guard case .sequence(let nodes) = node.content else { return nil }
    return nodes.count
  }
}
