// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A repeatable spread of ±10 %: the same installation, name and time always give the same factor.
///
/// Two installations differ, so that hosts that were set up from one image do not call a server at one moment; two
/// names differ, so that jobs that began together drift apart; and a restart changes nothing. (`Hasher` is seeded
/// anew in each process and so cannot serve.)
package struct Jitter: Sendable, Hashable {
  private let seed: UInt64

  /// - Parameters:
  ///   - installation: a random number that is made once per installation and kept in the ledger.
  ///   - name: what is repeated, such as "probe/s4hana-cloud".
  package init(installation: UInt64, name: String) { self.init(installation: installation, kind: "", name: name) }

  /// As above for `kind` and `name` in one text, which is not put together: a plan needs one for each endpoint.
  init(installation: UInt64, kind: String, name: String) {
    var hash = FNV1a()
    hash.combine(installation)
    for byte in kind.utf8 { hash.combine(byte) }
    for byte in name.utf8 { hash.combine(byte) }
    seed = hash.value
  }

  /// The factor, from 0.9 to 1.1, for the wait that begins at `start`.
  package func factor(startingAt start: Date) -> Double {
    var hash = FNV1a(continuing: seed)
    hash.combine(start.timeIntervalSinceReferenceDate.bitPattern)
    var generator = SplitMix64(seed: hash.value)
    return 1 + Self.spread * (2 * generator.nextUnit() - 1)
  }

  /// The largest part by which a wait is lengthened or shortened.
  package static let spread = 0.1
}

/// The 64-bit FNV-1a hash (draft-eastlake-fnv): the same on every host and in every version.
struct FNV1a {
  private(set) var value: UInt64

  init(continuing value: UInt64 = 0xcbf2_9ce4_8422_2325) { self.value = value }

  mutating func combine(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

  mutating func combine(_ number: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { combine(UInt8(truncatingIfNeeded: number &>> shift)) }
  }
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }

  /// A number from 0 up to, but not including, 1.
  package mutating func nextUnit() -> Double { Double(next() &>> 11) * 0x1p-53 }
}
