// SPDX-License-Identifier: Apache-2.0

import Host

/// Takes a PEM identity apart.
///
/// libcurl keeps copies of the certificates to tell connections apart; the key must not be among them.
enum IdentityParts {
  /// Appends the lines of each `CERTIFICATE` block to `certificates`, and all others to `key`.
  static func split(_ identity: SecretBytes, certificates: inout WipedBuffer, key: inout WipedBuffer) {
    identity.withSpan { text in
      var isCertificate = false
      var start = 0
      while start < text.count {
        var end = start
        while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
        end = min(end + 1, text.count)
        let line = text.extracting(start..<end)
        if starts(line, with: "-----BEGIN ") {
          isCertificate = starts(line, with: "-----BEGIN CERTIFICATE-----")
        }
        if isCertificate { certificates.append(line) } else { key.append(line) }
        if starts(line, with: "-----END ") { isCertificate = false }
        start = end
      }
    }
  }

  private static func starts(_ line: borrowing Span<UInt8>, with prefix: StaticString) -> Bool {
    let prefix = Array(prefix.description.utf8)
    guard line.count >= prefix.count else { return false }
    return prefix.indices.allSatisfy { line[$0] == prefix[$0] }
  }
}
