// SPDX-License-Identifier: Apache-2.0

import OpenSSLBridge

/// The reasons of one lasting failure that an operator has been told, each once until the failure is over.
///
/// They are kept as the name of the failure's condition, such as `failed`, then a digest of each reason. So neither a restart nor two
/// reasons that take turns make anybody hear the same twice.
struct ToldFailures {
  /// The name of the condition once `reason` has been told.
  let condition: String
  /// Whether it is to be told.
  let isNew: Bool
  /// Whether some reason of this failure has been told already.
  let isAfterAnother: Bool

  /// - Parameters:
  ///   - reason: of the failure now, one sentence.
  ///   - before: the name of the condition so far; nil where nothing had failed.
  ///   - name: of the condition of this failure; another one before is over.
  init(_ reason: String, after before: String?, of name: String = Self.usualName) {
    let isSame = before == name || before?.hasPrefix("\(name)-") == true
    let told = before?.dropFirst(isSame ? name.count : Int.max).split(separator: "-").map(String.init) ?? []
    let digest = Self.digest(reason)
    // Without a digest it was told by a certrotd that kept none.
    isNew = !told.contains(digest) && before != name
    isAfterAnother = isSame
    let all = told.contains(digest) ? told : told + [digest]
    condition = ([name] + all.suffix(Self.remembered)).joined(separator: "-")
  }

  /// Of what a reason says besides numbers, times and names that are made up for each attempt.
  private static func digest(_ reason: String) -> String {
    let words = reason.split { !($0.isLetter || $0.isNumber || $0 == "-") }
      .filter { !$0.contains(where: \.isNumber) && !$0.hasPrefix("certrotd-") && !units.contains($0) }
    return Digest.sha256(Array(words.joined(separator: " ").utf8)).prefix(6).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  static let usualName = "failed"
  /// As `TimeText` writes them: which of them stand in a span changes with its length.
  private static let units: Set<Substring> = ["d", "h", "min", "s"]
  /// Of a keystore that has more reasons than that, the oldest is told again.
  private static let remembered = 16
}
