// SPDX-License-Identifier: Apache-2.0

/// One key of the configuration: what the reference page says of it, and what the reader knows it by.
package struct KeyDescription: Sendable, Hashable {
  package var name: String
  /// What values look like, for people.
  package var type: String
  /// What holds when the key is not given; nil when it must be given.
  package var defaultValue: String?
  package var meaning: String
  /// A value as it may stand behind the key.
  package var example: String

  package init(_ name: String, _ type: String, default defaultValue: String?, _ meaning: String, example: String) {
    self.name = name
    self.type = type
    self.defaultValue = defaultValue
    self.meaning = meaning
    self.example = example
  }
}

/// The keys that may stand together in one mapping.
package struct KeyGroup: Sendable, Hashable {
  /// Where the mapping stands, such as `endpoints.NAME`.
  package var title: String
  package var introduction: String
  package var keys: [KeyDescription]

  package init(_ title: String, _ introduction: String, _ keys: [KeyDescription]) {
    self.title = title
    self.introduction = introduction
    self.keys = keys
  }

  /// Whether the mapping may hold this key.
  package func knows(_ key: String) -> Bool {
    keys.contains { $0.name == key }
  }

  /// The known key that a misspelt one was probably meant to be.
  package func nearestKey(to key: String) -> String? {
    Self.nearest(to: key, among: keys.map(\.name))
  }

  /// The word with the smallest edit distance, when it is small enough to be a slip; of several the first.
  package static func nearest(to word: String, among words: [String]) -> String? {
    let plain = word.lowercased().replacing("_", with: "-")
    let distances = words.map { (word: $0, distance: editDistance(plain, $0.lowercased())) }
    guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
    let length = min(plain.count, best.word.count)
    return best.distance <= length / 3 ? best.word : nil
  }

  /// Levenshtein's distance, with the swap of two neighbours as one step.
  static func editDistance(_ left: String, _ right: String) -> Int {
    // A longer word is no slip of a key, and must not cost time.
    let (left, right) = (Array(left.prefix(longestWord)), Array(right.prefix(longestWord)))
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let substitution = last[column] + (left[row] == right[column] ? 0 : 1)
        var best = min(substitution, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          best = min(best, beforeLast[column - 1] + 1)
        }
        current.append(best)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }

  private static let longestWord = 64
}
