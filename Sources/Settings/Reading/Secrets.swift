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
      return advice
    }
    return "put it into a systemd credential or a file with mode 0600, and name that: '\(key): NAME'"
  }

  private static let advice =
    "put it into a systemd credential or a file with mode 0600, and name that in a '…-credential' key"

  /// Whether a value is a private key.
  static func isPrivateKey(_ text: String) -> Bool {
    text.contains("PRIVATE KEY-----")
  }

  static func reportPrivateKey(_ field: Field) {
    field.report(
      "a private key must not stand in the configuration", hint: "put it into a file with mode 0600, and name that")
  }

  /// A value without the user and password that an address in it holds, wherever it stands in place of something else, and
  /// without the values behind its path, of which one may be a secret.
  static func redacted(_ text: String) -> String { withoutUser(withoutQuery(text)) }

  /// What stands behind `?` or `#` goes where values are given there (RFC 3986, sections 3.4 and 3.5).
  private static func withoutQuery(_ text: String) -> String {
    guard let start = text.firstIndex(where: { $0 == "?" || $0 == "#" }), text[start...].contains("=") else {
      return text
    }
    return "\(text[...start])…"
  }

  /// What stands before the last `@` goes, since a password may hold any character.
  private static func withoutUser(_ text: String) -> String {
    guard let end = text.lastIndex(of: "@") else { return text }
    let scheme = text[..<end].firstRange(of: "://")
    let start = scheme?.upperBound ?? text.startIndex
    guard scheme != nil || text[start..<end].contains(":") else { return text }
    return "\(text[..<start])…\(text[end...])"
  }

  /// A sentence without the users and passwords of addresses that it quotes.
  static func redacted(sentence: String) -> String {
    guard sentence.contains(where: { "@?#".contains($0) }) else { return sentence }
    var (result, word) = ("", "")
    for character in sentence {
      guard character.isWhitespace || "'\"`,;()[]{}".contains(character) else {
        word.append(character)
        continue
      }
      result += redacted(word) + String(character)
      word = ""
    }
    return result + redacted(word)
  }

  /// Reports what reads as a secret anywhere in a value that is read no further.
  static func report(in field: Field) {
    switch field.node.content {
    case .null: break
    case .scalar(let text): if isPrivateKey(text) { reportPrivateKey(field) }
    case .sequence: for element in field.elements() ?? [] { report(in: element) }
    case .mapping(let entries):
      for entry in entries + field.node.repeated {
        let child = field.child(entry.value, entry.key)
        guard case .scalar = entry.value.content, KeyTable.groups(with: entry.key).isEmpty, isKeyOfSecret(entry.key)
        else {
          report(in: child)
          continue
        }
        field.context.report(
          entry.position, key: child.path, "a secret must not stand in the configuration", hint: advice)
      }
    }
  }

  private static let secretWords: Set = [
    "password", "passwd", "passphrase", "pass", "pwd", "pin", "secret", "token", "clientsecret", "keypassword",
    "storepass", "keypass",
  ]
}
