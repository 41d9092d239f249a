// SPDX-License-Identifier: Apache-2.0

/// What lay on disk after each death of a matrix, by the kind of point.
struct CrashOutcomes {
  private struct Row {
    var points = 0
    /// How many keystores had their new generation in force, over all points.
    var ofNew: [Int: Int] = [:]
  }

  private var rows: [String: Row] = [:]

  /// - Parameters:
  ///   - point: where the process died.
  ///   - new: the keystores whose new generation was in force then.
  mutating func count(_ point: String, _ new: Set<String>) {
    let words = point.split(separator: " ")
    let kind = point.hasPrefix("ledger: ") ? "ledger, \(words.last ?? "")" : "file, \(words.first ?? "")"
    rows[kind, default: Row()].points += 1
    rows[kind, default: Row()].ofNew[new.count, default: 0] += 1
  }

  /// One line for each kind of point.
  func table(of points: Int) -> String {
    let all = rows.values.reduce(0) { $0 + $1.points }
    let lines = rows.sorted { $0.key < $1.key }.map { kind, row in
      let outcomes = row.ofNew.sorted { $0.key < $1.key }.map { "\($0.value) with \($0.key) new" }
      return "  \(kind): \(row.points) (\(outcomes.joined(separator: ", ")))"
    }
    return """
      crash matrix: died at \(all) of \(points) points; after each death all files were whole, and of three keystores so \
      many were new; after each start all were:
      \(lines.joined(separator: "\n"))
      """
  }
}
