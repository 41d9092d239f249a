// SPDX-License-Identifier: Apache-2.0

import Certificates
import PSEFormat
import SwiftASN1
import TestSupport
import Testing

struct HostileInputTests {
  /// Every file must be read or refused with an error; what is read must be the same when written again.
  ///
  /// The seed is fixed: a failure comes back in the next run.
  @Test func tensOfThousandsOfDamagedFiles() throws {
    var generator = SeededGenerator(seed: 0x5EED_0F_95E)
    let originals = try Self.originals()
    var readable = 0
    var refused = 0
    for round in 0..<20_000 {
      let damaged = Self.damage(originals[round % originals.count], using: &generator)
      do {
        let file = try PSEFile(derEncoded: damaged)
        readable += 1
        let again = try file.derEncoded()
        #expect(again == damaged, "round \(round)")
        _ = try file.content()
      } catch {
        refused += 1
        #expect(!error.description.isEmpty)
      }
    }
    // Damage inside names, keys and signatures leaves the grammar whole; damage to tags and lengths does not.
    #expect(readable > 1_000)
    #expect(refused > 10_000)
  }

  @Test func everyTruncationIsRefused() throws {
    for original in try Self.originals() {
      for length in 0..<original.count {
        #expect(throws: PSEError.self) { try PSEFile(derEncoded: original.prefix(length)) }
      }
    }
  }

  @Test func somethingBehindTheFileIsRefused() throws {
    for original in try Self.originals() {
      #expect(throws: PSEError.self) { try PSEFile(derEncoded: original + [0]) }
    }
  }

  @Test func deepNestingIsRefused() {
    var nested: [UInt8] = []
    for _ in 0..<20_000 {
      let length = nested.count
      let header: [UInt8] =
        length < 128
        ? [0x30, UInt8(length)]
        : [0x30, 0x83, UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255)]
      nested = header + nested
    }
    #expect(throws: PSEError.self) { try PSEFile(derEncoded: nested) }
  }

  @Test(
    arguments: [
      [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0x30, 0x88, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x30, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x30, 0x80, 0x02, 0x01, 0x02, 0x00, 0x00],
      [0x30, 0xFF], [0x30], [0x30, 0x00],
    ] as [[UInt8]])
  func hostileLengthsAreRefused(bytes: [UInt8]) {
    #expect(throws: PSEError.self) { try PSEFile(derEncoded: bytes) }
  }

  @Test func hugeFileIsRefusedBeforeItIsParsed() {
    let bytes = [UInt8](repeating: 0x30, count: PSEFile.sizeLimit + 1)
    #expect(throws: PSEError.tooLarge(bytes: bytes.count, limit: PSEFile.sizeLimit)) {
      try PSEFile(derEncoded: bytes)
    }
  }

  @Test func aHundredThousandObjectsAreRefused() throws {
    let object: [UInt8] =
      [0x30, 32, 0x13, 1, 0x61, 0x18, 15] + Array("20240229010203Z".utf8) + [
        0x06, 6, 0x2B, 0x24, 2, 13, 99, 1, 0x04, 2, 1, 1,
      ]
    for (count, reason) in [(257, "more than 256"), (50_000, "more than 256"), (100_000, "elements")] {
      let error = try #require(throws: PSEError.self) {
        try PSEFile(derEncoded: Self.plain(objects: Array(repeatElement(object, count: count).joined())))
      }
      #expect(error.description.contains(reason), "\(error)")
    }
    #expect(try PSEFile(derEncoded: Self.plain(objects: object)).content().objects.count == 1)
  }

  @Test func twoMillionEmptyElementsAreRefused() throws {
    let empty = Array(repeatElement([0x05, 0x00] as [UInt8], count: 2_000_000).joined())
    let error = try #require(throws: PSEError.self) { try PSEFile(derEncoded: Self.plain(objects: empty)) }
    #expect(error.description.contains("elements"))
    let digested = PSEDigestedContent(
      protection: .none, algorithm: try .pinEncryption(PINDerivation(salt: [1])), content: empty,
      digest: [UInt8](repeating: 0, count: 20))
    let file = try PSEFile(body: .digested(digested)).derEncoded()
    #expect(throws: PSEError.self) { try PSEFile(derEncoded: file).content() }
  }

  @Test func integersOfAMegabyteAreRefused() throws {
    let huge = Self.element(0x02, [0x7F] + [UInt8](repeating: 0xFF, count: 1 << 20))
    let key = Self.element(
      0x30,
      [0x30, 13, 0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 0x05, 0]
        + Self.element(0x03, [0] + Self.element(0x30, huge + huge)))
    let object = Self.element(
      0x30,
      [0x13, 1, 0x61, 0x18, 15] + Array("20240229010203Z".utf8) + [0x06, 5, 0x2B, 0x24, 2, 3, 4] + key)
    let files = [
      Self.element(0x30, huge + [0x30, 0]), Self.plain(objects: object), Self.plain(objects: [], keyFlag: huge),
    ]
    for file in files {
      let error = try #require(throws: PSEError.self) { try PSEFile(derEncoded: file) }
      #expect(error.description.utf8.count < 400)
    }
  }

  /// The elements inside the bit string are none of the file's, so that nobody counted them.
  @Test func aKeyOfManyElementsIsRefusedBeforeItIsParsed() throws {
    let key = Self.element(
      0x30,
      [0x30, 13, 0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 0x05, 0]
        + Self.element(0x03, [0] + Self.element(0x30, Array(repeatElement([0x05, 0x00], count: 2000).joined()))))
    let object = Self.element(
      0x30,
      [0x13, 1, 0x61, 0x18, 15] + Array("20240229010203Z".utf8) + [0x06, 5, 0x2B, 0x24, 2, 3, 4] + key)
    let error = try #require(throws: PSEError.self) { try PSEFile(derEncoded: Self.plain(objects: object)).content() }
    #expect(error.description.contains("longer than that of any RSA key"), "\(error)")
  }

  @Test(arguments: [0, 1_000_001, Int.max])
  func iterationsAreLimited(count: Int) throws {
    var iterations = DER.Serializer()
    try iterations.serialize(count)
    let file = try PSEFile(derEncoded: Self.plain(objects: [], iterations: iterations.serializedBytes))
    #expect(throws: PSEError.self) { try file.content().algorithm.pinDerivation }
  }

  private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    let length: [UInt8] =
      switch count {
      case ..<128: [UInt8(count)]
      case ..<256: [0x81, UInt8(count)]
      case ..<65_536: [0x82, UInt8(count >> 8), UInt8(count & 255)]
      default: [0x83, UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)]
      }
    return [tag] + length + content
  }

  /// A version 2 file without a PIN.
  private static func plain(
    objects: [UInt8], iterations: [UInt8] = [0x02, 1, 9], keyFlag: [UInt8] = []
  ) -> [UInt8] {
    let parameters = element(0x30, [0x04, 1, 1] + iterations)
    let algorithm = element(0x30, [0x06, 10, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 12, 1, 3] + parameters)
    let time = [0x18, 15] + Array("20240229010203Z".utf8)
    return element(0x30, [0x02, 1, 2] + element(0x30, algorithm + time + keyFlag + element(0x31, objects)))
  }

  @Test func otherKindsOfFilesAreNamedAsSuch() throws {
    let error = try #require(throws: PSEError.self) {
      try PSEFile(derEncoded: Array("-----BEGIN CERTIFICATE-----\n".utf8))
    }
    #expect(error.description.contains("the file is damaged or no PSE"))
    #expect(!error.description.contains(".swift"))
  }

  private static func originals() throws -> [[UInt8]] {
    let root = try MadeUpCertificate.make(subject: "CN=Root, O=TS, C=DE", keyBytes: 64)
    let issuer = try MadeUpCertificate.make(
      subject: "CN=Issuer", issuer: "CN=Root, O=TS, C=DE", serial: 2, keyBytes: 64)
    let leaf = try MadeUpCertificate.make(subject: "CN=leaf", issuer: "CN=Issuer", serial: 3, keyBytes: 64)
    let derivation = PINDerivation(salt: [1, 2, 3, 4, 5, 6, 7, 8])
    let primes = try PSEPrimes([UInt8](repeating: 0xC3, count: 64), [UInt8](repeating: 0xC1, count: 64))
    let issued = try PSEContent.make(
      identity: PSEIdentity(primes: primes, certificate: leaf, issuers: [issuer, root]), trust: [root],
      derivation: derivation, created: aTime)
    let trusting = try PSEContent.make(identity: nil, trust: [root, issuer], derivation: derivation, created: aTime)
    let bodies: [PSEFile.Body] = [
      .plain(issued), .plain(trusting),
      .digested(
        PSEDigestedContent(
          protection: .none, algorithm: issued.algorithm, content: try issued.derEncoded(),
          digest: [UInt8](repeating: 1, count: 20))),
      .protected(
        PSEProtectedContent(
          encryptedPIN: [UInt8](repeating: 2, count: 16), algorithm: issued.algorithm,
          cipherText: [UInt8](repeating: 3, count: 64))),
    ]
    return try bodies.map { try PSEFile(body: $0).derEncoded() }
  }

  /// One to four changes: a bit, a byte, a tag or length from a list of nasty ones, a piece doubled, cut out, or moved.
  private static func damage(_ original: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      guard !bytes.isEmpty else { break }
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      let length = Int.random(in: 1...min(16, bytes.count - place), using: &generator)
      let piece = place..<(place + length)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 2: bytes[place] = nasty[Int.random(in: 0..<nasty.count, using: &generator)]
      case 3: bytes.insert(contentsOf: Array(bytes[piece]), at: place)
      case 4: bytes.removeSubrange(piece)
      default:
        let cut = Array(bytes[piece])
        bytes.removeSubrange(piece)
        bytes.insert(contentsOf: cut, at: Int.random(in: 0...bytes.count, using: &generator))
      }
    }
    return bytes
  }

  private static let nasty: [UInt8] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x13, 0x17, 0x18, 0x1F, 0x30, 0x31, 0x3F, 0x7F, 0x80, 0x81, 0x82, 0x84,
    0x88, 0xA0, 0xA1, 0xA3, 0xBF, 0xFF,
  ]
}
