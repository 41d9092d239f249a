// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import OpenSSLBridge
import Testing

@Suite struct KeyedDigestTests {
  let key: SealingKey

  init() throws { key = try SealingKey(SecretBytes(copying: [UInt8](0..<32))) }

  private func digest(_ text: String, _ context: String, _ key: SealingKey? = nil) throws -> [UInt8] {
    try KeyedDigest.of(SecretBytes(copying: text.utf8), key: key ?? self.key, context: Array(context.utf8))
  }

  /// Made by Python's `hmac`: HMAC-SHA-256 of "hello" under that of "user a".
  @Test func isWhatAnotherImplementationMakes() throws {
    let hexadecimal = try digest("hello", "user a").map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
    #expect(hexadecimal == "fd29057c1f04088ae9ba7b7482f7604706a32b4b43c09e026834804b015c670f")
  }

  @Test func differsByKeyContextAndSecret() throws {
    let digests = [
      try digest("hello", "user a"), try digest("hello", "user b"), try digest("hellp", "user a"),
      try digest("", "user a"),
      try digest("hello", ""), try digest("hello", "user a", .random()),
    ]
    #expect(Set(digests).count == digests.count && digests.allSatisfy { $0.count == KeyedDigest.length })
    #expect(try digest("hello", "user a") == digests.first)
  }
}
