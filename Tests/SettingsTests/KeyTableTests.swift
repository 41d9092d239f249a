// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

struct KeyTableTests {
  /// Every group with every one of its keys.
  static let keys = KeyTable.all.flatMap { group in group.keys.map { (group, $0) } }

  @Test(arguments: keys)
  func `the example of every key is accepted`(group: KeyGroup, key: KeyDescription) {
    #expect(mistakes(GroupSample.yaml(group, key.name, value: key.example)) == [])
  }

  @Test(arguments: keys)
  func `every key is read`(group: KeyGroup, key: KeyDescription) {
    // A list in a mapping in a list is a value of no key.
    let found = read(GroupSample.yaml(group, key.name, value: "[{x: [\"\"]}]")).mistakes
    #expect(found.contains { $0.key?.contains(key.name) == true }, "\(found)")
  }

  @Test(arguments: keys.filter { $0.1.defaultValue == nil })
  func `a required key must be given`(group: KeyGroup, key: KeyDescription) {
    #expect(mistakes(GroupSample.yaml(group, key.name, value: nil)) != [])
  }

  @Test(arguments: keys)
  func `a slip in a key is found and its key named`(group: KeyGroup, key: KeyDescription) {
    let slip = key.name.prefix(1) + key.name.dropFirst(2) + "q"
    guard key.name.count > 5 else { return }
    #expect(group.nearestKey(to: String(slip)) == key.name)
    let found = mistakes(GroupSample.yaml(group, String(slip), value: key.example))
    #expect(found.contains { $0.hasSuffix("unknown key '\(slip)'; did you mean '\(key.name)'?") }, "\(found)")
  }

  @Test func `distances count insertions, deletions, substitutions and swaps`() {
    #expect(KeyGroup.editDistance("", "") == 0)
    #expect(KeyGroup.editDistance("abc", "") == 3)
    #expect(KeyGroup.editDistance("timeout", "timoeut") == 1)
    #expect(KeyGroup.editDistance("refetch", "refech") == 1)
    #expect(KeyGroup.editDistance("kitten", "sitting") == 3)
    #expect(KeyGroup.nearest(to: "REFETCH_EVERY", among: ["timeout", "refetch-every"]) == "refetch-every")
    #expect(KeyGroup.nearest(to: "colour", among: ["timeout", "refetch-every"]) == nil)
  }
}
