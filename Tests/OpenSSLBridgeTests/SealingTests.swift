// SPDX-License-Identifier: Apache-2.0

import Host
import OpenSSLBridge
import Testing

@Suite struct SealingTests {
  let key: SealingKey

  init() throws { key = try SealingKey(SecretBytes(copying: [UInt8](0..<32))) }

  @Test(arguments: [0, 1, 16, 1700, 100_000]) func opensWhatItSealed(count: Int) throws {
    let secret = SecretBytes(copying: try Random.bytes(count))
    let sealed = try Sealing.seal(secret, key: key, context: Array("key 7".utf8))
    #expect(sealed.count == count + 1 + 12 + 16)
    #expect(try Sealing.open(sealed, key: key, context: Array("key 7".utf8)) == secret)
    #expect(try Sealing.seal(secret, key: key, context: Array("key 7".utf8)) != sealed)
  }

  /// Made by Python's `cryptography` (AESGCM): nonce 0…11, associated data 01 and "key 7", text "hello".
  @Test func opensWhatAnotherImplementationSealed() throws {
    let sealed: [UInt8] = [1] + Array(0..<12) + Self.foreign
    let secret = try Sealing.open(sealed, key: key, context: Array("key 7".utf8))
    #expect(secret.copyBytes() == Array("hello".utf8))
  }

  @Test func refusesEveryChangedByte() throws {
    let secret = SecretBytes(copying: "secret".utf8)
    let sealed = try Sealing.seal(secret, key: key, context: [])
    for index in sealed.indices.dropFirst() {
      var changed = sealed
      changed[index] ^= 0x80
      #expect(throws: SealingError.wrongKeyOrTampered) { try Sealing.open(changed, key: key, context: []) }
    }
    var otherFormat = sealed
    otherFormat[0] = 2
    #expect(throws: SealingError.malformed("its format is 2 and only 1 is known")) {
      try Sealing.open(otherFormat, key: key, context: [])
    }
  }

  @Test func refusesAnotherKeyAndAnotherContext() throws {
    let sealed = try Sealing.seal(SecretBytes(copying: "secret".utf8), key: key, context: [1])
    #expect(throws: SealingError.wrongKeyOrTampered) { try Sealing.open(sealed, key: .random(), context: [1]) }
    for context in [[], [2], [1, 0]] as [[UInt8]] {
      #expect(throws: SealingError.wrongKeyOrTampered) { try Sealing.open(sealed, key: key, context: context) }
    }
  }

  @Test func refusesWhatIsCutOff() throws {
    let sealed = try Sealing.seal(SecretBytes(copying: []), key: key, context: [])
    for count in 0..<sealed.count {
      let error = #expect(throws: SealingError.self) {
        try Sealing.open(Array(sealed.prefix(count)), key: key, context: [])
      }
      guard case .malformed = error else {
        Issue.record("\(count) bytes: \(String(describing: error))")
        continue
      }
    }
  }

  @Test func keysHave32Bytes() {
    for count in [0, 16, 31, 33] {
      #expect(throws: SealingError.wrongKeyLength(count)) {
        try SealingKey(SecretBytes(copying: [UInt8](repeating: 7, count: count)))
      }
    }
  }

  private static let foreign: [UInt8] = [
    0x2F, 0x67, 0xBA, 0x77, 0xAA, 0x41, 0x50, 0x12, 0x4C, 0x1C, 0x55, 0x05, 0xA9, 0xB7, 0x57, 0x0F, 0x4F, 0x80, 0x3F,
    0xF9, 0xA5,
  ]
}
