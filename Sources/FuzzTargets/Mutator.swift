// SPDX-License-Identifier: Apache-2.0

/// Damages inputs in the ways that find the mistakes of parsers; the same seed gives the same damage.
package struct Mutator {
  private var random: SplitMix
  private let seeds: [[UInt8]]

  /// - Parameters:
  ///   - seeds: Good inputs; at least one.
  ///   - seed: Decides everything.
  package init(seeds: [[UInt8]], seed: UInt64) {
    precondition(!seeds.isEmpty, "there is nothing to damage")
    self.seeds = seeds
    random = SplitMix(state: seed)
  }

  /// The next damaged input: one of the seeds after one to eight changes.
  package mutating func next() -> [UInt8] {
    var bytes = seeds[below(seeds.count)]
    for _ in 0..<(1 + below(8)) { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = [UInt8(truncatingIfNeeded: random.next())]
      return
    }
    let place = below(bytes.count)
    let piece = place..<(place + 1 + below(min(64, bytes.count - place)))
    switch below(9) {
    case 0: bytes[place] ^= 1 << UInt8(below(8))
    case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 2: bytes[place] = Self.nasty[below(Self.nasty.count)]
    case 3: bytes.insert(contentsOf: Array(bytes[piece]), at: place)
    case 4: bytes.removeSubrange(piece)
    case 5:
      let cut = Array(bytes[piece])
      bytes.removeSubrange(piece)
      bytes.insert(contentsOf: cut, at: below(bytes.count + 1))
    case 6: bytes.removeSubrange(place...)
    case 7: bytes.insert(Self.marks[below(Self.marks.count)], at: place)
    default:
      let other = seeds[below(seeds.count)]
      guard !other.isEmpty else { return }
      let start = below(other.count)
      bytes.insert(contentsOf: other[start..<min(other.count, start + 1 + below(256))], at: place)
    }
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

  /// Tags and lengths of DER.
  private static let nasty: [UInt8] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x13, 0x17, 0x18, 0x1F, 0x30, 0x31, 0x3F, 0x7F, 0x80, 0x81, 0x82, 0x84,
    0x88, 0xA0, 0xA1, 0xA3, 0xBF, 0xFF,
  ]
  /// What structures YAML, JSON and PEM.
  private static let marks = Array("[]{}:,-?&*!|>'\"%@`#\n\r\t \0\\<~/=0".utf8)
}

/// The generator SplitMix64 of Steele, Lea and Flood.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
