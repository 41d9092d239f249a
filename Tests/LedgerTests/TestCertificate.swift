// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials

/// Certificates of any name, age and size, made without keys: the ledger stores them and never verifies a signature.
enum TestCertificate {
  /// A certificate with an RSA key of 2048 bits and as many random bytes as `padding` says in an extension.
  static func make(
    _ subject: String, issuer: String? = nil, serial: UInt64 = 1, notBefore: Date = start,
    notAfter: Date = start.addingTimeInterval(90 * 86_400), padding: Int = 0
  ) throws -> Certificate {
    var random = SplitMix(seed: serial ^ UInt64(subject.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }))
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 1...127, using: &random) } }
    let algorithm = value(0x30, [sha256WithRSA, [0x05, 0x00]])
    let key = value(0x30, [value(0x02, [bytes(256)]), [0x02, 0x03, 0x01, 0x00, 0x01]])
    let publicKey = value(0x30, [value(0x30, [rsaEncryption, [0x05, 0x00]]), value(0x03, [[0x00], key])])
    let timestamps = value(0x30, [timestampList, value(0x04, [value(0x04, [bytes(padding)])])])
    let body = value(
      0x30,
      [
        [0xa0, 0x03, 0x02, 0x01, 0x02], value(0x02, [bytes(8), bigEndian(serial)]), algorithm,
        try DistinguishedName(parsing: issuer ?? subject).derBytes,
        value(0x30, [time(notBefore), time(notAfter)]), try DistinguishedName(parsing: subject).derBytes, publicKey,
        padding == 0 ? [] : value(0xa3, [value(0x30, [timestamps])]),
      ])
    return try Certificate(
      derEncoded: value(0x30, [body, algorithm, value(0x03, [[0x00], bytes(256)])]))
  }

  /// A leaf of `host` under one of the shared issuers, with those issuers.
  static func chain(_ host: String, serial: UInt64 = 1, notBefore: Date = start) throws -> [Certificate] {
    [
      try make(
        "CN=\(host)", issuer: "CN=Test Issuing CA,O=Test", serial: serial, notBefore: notBefore,
        notAfter: notBefore.addingTimeInterval(90 * 86_400)),
      try make("CN=Test Issuing CA,O=Test", issuer: "CN=Test Root CA,O=Test"), try make("CN=Test Root CA,O=Test"),
    ]
  }

  /// 2025-01-01T00:00:00Z.
  static let start = Date(timeIntervalSince1970: 1_735_689_600)

  private static let sha256WithRSA: [UInt8] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]
  private static let rsaEncryption: [UInt8] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]
  // 1.3.6.1.4.1.11129.2.4.2, signed certificate timestamps: what makes genuine leaves large.
  private static let timestampList: [UInt8] = [6, 10, 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2]

  private static func value(_ tag: UInt8, _ parts: [[UInt8]]) -> [UInt8] {
    let content = parts.flatMap(\.self)
    switch content.count {
    case ..<128: return [tag, UInt8(content.count)] + content
    case ..<256: return [tag, 0x81, UInt8(content.count)] + content
    default: return [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xff)] + content
    }
  }

  private static func bigEndian(_ number: UInt64) -> [UInt8] {
    (0..<8).reversed().map { UInt8(number >> ($0 * 8) & 0xff) }
  }

  private static func time(_ date: Date) -> [UInt8] {
    let parts = Calendar.utc.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    func two(_ number: Int?) -> String { number.map { $0 < 10 ? "0\($0)" : "\($0)" } ?? "00" }
    let text =
      two((parts.year ?? 2000) % 100) + two(parts.month) + two(parts.day) + two(parts.hour) + two(parts.minute)
      + two(parts.second) + "Z"
    return value(0x17, [Array(text.utf8)])
  }
}

/// Random numbers that are the same in every run (Steele, Lea, Flood: SplitMix64).
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
