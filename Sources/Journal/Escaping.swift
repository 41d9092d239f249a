// SPDX-License-Identifier: Apache-2.0

/// Makes text from strangers harmless on a terminal and in a log that is read line by line.
package enum Escaping {
  /// `text` with control characters spelt out, as `\n`, `\r`, `\t` or `\u{1B}`.
  ///
  /// Control characters are those of ASCII and of Latin-1, which start terminal sequences (ECMA-48), the separators
  /// U+2028 and U+2029, and the marks that turn the direction of writing (Unicode UAX #9), which can hide what a line says.
  package static func escaped(_ text: String, keepingLineBreaks: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n" where !keepingLineBreaks: result += "\\n"
      case "\t" where !keepingLineBreaks: result += "\\t"
      case "\r": result += "\\r"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case _ where isControl(scalar): result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// `json`, a JSON text, with control characters as the escapes of RFC 8259, section 7: its strings stay what they are.
  ///
  /// JSON encoders leave those beyond ASCII as they are. Line breaks, which only stand between values, are kept.
  package static func escapedJSON(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: { isControl($0) && $0 != "\n" }) else { return json }
    var result = ""
    for scalar in json.unicodeScalars {
      guard isControl(scalar), scalar != "\n" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    return result
  }

  /// `text` with a blank for each control character, for readers that take backslashes themselves.
  static func blanked(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      result.unicodeScalars.append(isControl(scalar) ? " " : scalar)
    }
    return result
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
