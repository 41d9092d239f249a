// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import OpenSSLBridge
import Testing

struct PINCipherTests {
  private let salt = [UInt8](1...8)

  private func pin(_ text: String) -> SecretBytes { SecretBytes(copying: text.utf8) }

  /// Computed with another implementation of RFC 7292, appendix B, which passes the vectors that are in circulation.
  @Test func knownAnswer() throws {
    let cipher = try PINCipher(pin: pin("Smeg 42!"), salt: salt, iterations: 3)
    let plain = SecretBytes(copying: "personal security environment".utf8)
    let encrypted = try cipher.encrypt(plain)
    #expect(Hexadecimal.lower(encrypted) == "416ec8acab1c57039e0eb63091d0acc48b649d68424a671471e6d960303a33db")
    #expect(try cipher.decrypt(encrypted) == plain)
  }

  @Test func anythingElseDoesNotDecrypt() throws {
    let encrypted = try PINCipher(pin: pin("right"), salt: salt, iterations: 10).encrypt(pin("content"))
    let others = [
      try PINCipher(pin: pin("wrong"), salt: salt, iterations: 10),
      try PINCipher(pin: pin("right"), salt: salt, iterations: 11),
      try PINCipher(pin: pin("right"), salt: Array(salt.reversed()), iterations: 10),
    ]
    for other in others { #expect(try other.decrypt(encrypted) != pin("content")) }
    let right = try PINCipher(pin: pin("right"), salt: salt, iterations: 10)
    #expect(try right.decrypt([]) == nil)
    #expect(try right.decrypt(Array(encrypted.dropLast())) == nil)
    #expect(try right.decrypt(encrypted + encrypted) == nil, "the padding of another block")
  }

  @Test(arguments: [0, 1, 7, 8, 9, 4096])
  func anyLength(count: Int) throws {
    let cipher = try PINCipher(pin: pin("1234"), salt: salt, iterations: 1)
    let plain = SecretBytes(copying: [UInt8](repeating: 7, count: count))
    #expect(try cipher.decrypt(cipher.encrypt(plain)) == plain)
  }

  @Test(
    arguments: [
      ("", .emptyPIN), ("Grüße", .notASCII), ("tab\t", .notASCII), ("zero\0", .notASCII),
      (String(repeating: "1", count: 257), .longPIN(limit: 256)),
    ] as [(String, PINCipherError)])
  func unusablePINsAreNamed(text: String, error: PINCipherError) {
    #expect(throws: error) { try PINCipher(pin: pin(text), salt: salt, iterations: 1) }
    #expect(text.isEmpty || !error.description.contains(text))
  }
}
