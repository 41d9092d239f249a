// SPDX-License-Identifier: Apache-2.0

/// What tells certrotd's keys from others', and one installation's from another's: labels on the platform.
///
/// Cloud Foundry allows labels of at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at either end
/// (V3 API documentation, "Metadata"); Service Manager allows more.
package struct KeyMark: Sendable, Hashable {
  /// Which certrotd made it.
  package var installation: String
  /// What the names of all keys of this service key begin with.
  package var base: String

  /// - Parameters: texts that no label can hold are made to fit, and differ from others that are made to fit.
  package init(installation: String, base: String) {
    self.installation = Self.fitted(installation)
    self.base = Self.fitted(base)
  }

  package var labels: [String: String] {
    [Self.managedBy: Self.program, Self.installationLabel: installation, Self.baseLabel: base]
  }

  /// The mark that these labels are; nil for a key that certrotd did not make.
  package init?(labels: [String: String]) {
    guard labels[Self.managedBy] == Self.program, let installation = labels[Self.installationLabel],
      let base = labels[Self.baseLabel], Self.isLabel(installation), Self.isLabel(base)
    else { return nil }
    self.installation = installation
    self.base = base
  }

  /// Whether the text can be the value of a label as it is.
  package static func isLabel(_ text: String) -> Bool {
    guard (1...63).contains(text.utf8.count), let first = text.utf8.first, let last = text.utf8.last else {
      return false
    }
    return isWord(first) && isWord(last) && text.utf8.allSatisfy { isWord($0) || "-_.".utf8.contains($0) }
  }

  /// Judged as bytes: each mark of the configuration is compared with each key on the platform.
  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }

  /// What does not fit is replaced, cut, and told apart by a checksum (FNV-1a) of the whole text.
  private static func fitted(_ text: String) -> String {
    guard !isLabel(text) else { return text }
    let allowed = text.map { character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character)) ? character : "-"
    }
    let hash = text.utf8.reduce(UInt32(0x811c_9dc5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    let kept = String(allowed.prefix(50)).drop { "-_.".contains($0) }
    return kept.isEmpty ? "x\(String(hash, radix: 16))" : "\(kept)-\(String(hash, radix: 16))"
  }

  private static let managedBy = "managed-by"
  private static let program = "certrotd"
  private static let installationLabel = "certrotd-installation"
  private static let baseLabel = "certrotd-key"
}
