// SPDX-License-Identifier: Apache-2.0

/// Recognises secrets that were written into the configuration, so that they are refused with advice.
enum Secrets {
  /// Whether a key that is not known reads as if a secret stood behind it.
  static func isKeyOfSecret(_ key: String) -> Bool {
    let words = key.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }).map(String.init)
    return words.contains { secretWords.contains($0) } || secretWords.contains(words.joined())
  }

  static func advice(_ group: KeyGroup) -> String {
    guard let key = group.keys.first(where: { $0.name.hasSuffix("-credential") })?.name else {
      return "put it into a systemd credential or a file with mode 0600, and name that in a '…-credential' key"
    }
    return "put it into a systemd credential or a file with mode 0600, and name that: '\(key): NAME'"
  }

  /// Whether a value is a private key.
  static func isPrivateKey(_ text: String) -> Bool {
    text.contains("PRIVATE KEY-----")
  }

  private static let secretWords: Set = [
    "password", "passwd", "passphrase", "pass", "pwd", "pin", "secret", "token", "clientsecret", "keypassword",
    "storepass", "keypass",
  ]
}
