// SPDX-License-Identifier: Apache-2.0

import Foundation
import Planning

/// The dice of one thing in the world: what happens to it depends on nothing else that happens.
struct Chance {
  private var generator: SplitMix64

  init(_ scenario: Scenario, _ kind: String, _ number: Int = 0) {
    var seed = scenario.seed &+ UInt64(number) &* 0x2545_F491_4F6C_DD1D
    for byte in kind.utf8 { seed = (seed ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    generator = SplitMix64(seed: seed)
    // Neighbouring seeds differ in few bits; after one draw in all of them.
    _ = generator.next()
  }

  mutating func isTrue(_ share: Double) -> Bool { generator.nextUnit() < share }

  mutating func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * generator.nextUnit() }

  /// As often between one and ten as between ten and a hundred.
  mutating func ofAnySize(_ low: Double, _ high: Double) -> Double { low * pow(high / low, generator.nextUnit()) }

  mutating func below(_ count: Int) -> Int { Int(Double(count) * generator.nextUnit()) }

  /// How long until something happens that happens `perYear` times on average, in seconds.
  mutating func pause(perYear: Double) -> Double { -log(1 - generator.nextUnit()) / perYear * Scenario.year }
}
