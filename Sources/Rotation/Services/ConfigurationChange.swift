// SPDX-License-Identifier: Apache-2.0

package import Settings

/// What a new configuration adds, changes and removes, for a sentence in the journal.
package struct ConfigurationChange: Sendable, Equatable {
  package private(set) var added: [String] = []
  package private(set) var changed: [String] = []
  package private(set) var removed: [String] = []

  /// - Parameters:
  ///   - old: what was in force; nil at the start.
  ///   - new: what is in force now.
  package init(from old: Configuration?, to new: Configuration) {
    compare("endpoint", old?.endpoints ?? [], new.endpoints, name: \.name)
    compare("service key", old?.serviceKeys ?? [], new.serviceKeys, name: \.name)
    compare("keystore", old?.keystores ?? [], new.keystores, name: \.name)
  }

  private mutating func compare<Entry: Equatable>(
    _ kind: String, _ old: [Entry], _ new: [Entry], name: (Entry) -> String
  ) {
    let before = Dictionary(old.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
    for entry in new {
      guard let previous = before[name(entry)] else {
        added.append("\(kind) \(name(entry))")
        continue
      }
      if previous != entry { changed.append("\(kind) \(name(entry))") }
    }
    let kept = Set(new.map(name))
    removed += old.map(name).filter { !kept.contains($0) }.map { "\(kind) \($0)" }
  }
}

extension ConfigurationChange: CustomStringConvertible {
  package var description: String {
    let parts = [("added", added), ("changed", changed), ("removed", removed)].compactMap { verb, names -> String? in
      guard !names.isEmpty else { return nil }
      let shown = names.prefix(Self.namesShown).joined(separator: ", ")
      return "\(verb) \(shown)" + (names.count > Self.namesShown ? " and \(names.count - Self.namesShown) more" : "")
    }
    return parts.isEmpty ? "nothing in it changed" : parts.joined(separator: "; ")
  }

  private static let namesShown = 5
}
