// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the tool prints, as far as it is worth repeating.
final class SpokenLines: Sendable {
  private struct Heard {
    var lastLines: [String] = []
    var complainsOfPIN = false
  }

  private let heard = Mutex(Heard())

  func hear(_ line: String) {
    heard.withLock { heard in
      guard line.contains(where: { !$0.isWhitespace }) else { return }
      heard.lastLines.append(line)
      if heard.lastLines.count > Self.linesKept { heard.lastLines.removeFirst() }
      if line.contains("Wrong PIN") { heard.complainsOfPIN = true }
    }
  }

  /// An end for a sentence: `, and printed “…”`.
  var quoted: String {
    let last = heard.withLock(\.lastLines)
    return last.isEmpty ? ", and printed nothing" : ", and printed “\(last.joined(separator: " / "))”"
  }

  /// The tool's one text that is known; it may come with any exit status.
  var complainsOfPIN: Bool { heard.withLock(\.complainsOfPIN) }

  private static let linesKept = 3
}
