// SPDX-License-Identifier: Apache-2.0

import Host
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
      if Self.complainsOfPIN(line) { heard.complainsOfPIN = true }
    }
  }

  /// A line without a secret that the tool may have repeated.
  ///
  /// - Parameters:
  ///   - line: what it printed.
  ///   - secret: what it was given, such as a PIN.
  /// - Returns: the line with three asterisks in each place where the secret stood.
  static func masked(_ line: String, hiding secret: SecretBytes) -> String {
    let text = Array(line.utf8)
    guard secret.count > 0, text.count >= secret.count else { return line }
    return secret.withSpan { hidden in
      var shown: [UInt8] = []
      var index = 0
      while index < text.count {
        let isHere = index + hidden.count <= text.count && hidden.indices.allSatisfy { hidden[$0] == text[index + $0] }
        shown += isHere ? Array("***".utf8) : [text[index]]
        index += isHere ? hidden.count : 1
      }
      return String(decoding: shown, as: UTF8.self)
    }
  }

  /// An end for a sentence: `, and printed “…”`.
  var quoted: String {
    let last = heard.withLock(\.lastLines)
    return last.isEmpty ? ", and printed nothing" : ", and printed “\(last.joined(separator: " / "))”"
  }

  /// The tool's one text that is known is "Wrong PIN"; others are likely, and all of them may come with any exit status.
  private static func complainsOfPIN(_ line: String) -> Bool {
    let words = Set(line.lowercased().split { !$0.isLetter }.map(String.init))
    return !words.isDisjoint(with: ["wrong", "incorrect", "invalid", "bad"])
      && !words.isDisjoint(with: ["pin", "passphrase", "password"])
  }

  var complainsOfPIN: Bool { heard.withLock(\.complainsOfPIN) }

  private static let linesKept = 3
}
