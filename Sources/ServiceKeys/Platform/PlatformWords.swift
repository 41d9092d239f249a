// SPDX-License-Identifier: Apache-2.0

/// Makes the platform's own words fit to be shown: one line, short, without what may be a secret.
package enum PlatformWords {
  /// - Parameters:
  ///   - text: hostile.
  ///   - limit: in characters.
  /// - Returns: the text on one line and without its last full stop, since sentences go on with it; words that may be keys,
  ///   tokens, passwords or certificates are replaced by `…`.
  package static func clean(_ text: String, limit: Int = 300) -> String {
    // Cut first: nothing behind it is ever looked at.
    let plain = String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(4096).map { scalar in isPrintable(scalar) ? scalar : " " }))
    var words: [Substring] = []
    var hidesNext = false
    for word in plain.split(separator: " ") {
      let isScheme = ["bearer", "basic"].contains(word.lowercased())
      if hidesNext || looksSecret(word) {
        if words.last != "…" { words.append("…") }
      } else {
        words.append(word)
      }
      hidesNext = isScheme
    }
    var line = words.joined(separator: " ")
    while line.last == "." || line.last == " " { line.removeLast() }
    return line.count > limit ? line.prefix(limit - 1) + "…" : line
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
    default: true
    }
  }

  /// Long runs of the letters that Base64, hexadecimal digits and tokens are made of; PEM; `password=…` and its like.
  ///
  /// GUIDs (36 characters) and host names pass.
  private static func looksSecret(_ word: Substring) -> Bool {
    let lower = word.lowercased()
    if lower.contains("-----") || lower.hasPrefix("eyj") { return true }
    for name in ["password", "passcode", "secret", "token", "assertion", "private_key"] {
      guard let found = lower.firstRange(of: name) else { continue }
      let behind = lower[found.upperBound...].drop { "\"'".contains($0) }
      if let mark = behind.first, mark == "=" || mark == ":", behind.count > 1 { return true }
    }
    var run = 0
    for byte in word.utf8 {
      let isPart =
        byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      run = isPart ? run + 1 : 0
      if run > 40 { return true }
    }
    return false
  }
}
