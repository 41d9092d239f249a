// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import Settings

/// Damages a configuration in many ways; whatever comes in, the reader answers and says where.
struct MutationTests {
  @Test(arguments: 0..<4)
  func `damaged configurations lead to mistakes, never to a trap`(seed: UInt64) throws {
    let example = try ExampleConfigurationTests.uncommented
    var random = SplitMix(state: seed)
    for _ in 0..<40 {
      var bytes = example
      for _ in 0..<Int.random(in: 1...6, using: &random) { Self.mutate(&bytes, using: &random) }
      var files = FakeFiles.host
      files.add(mainFile, bytes: bytes)
      let reading = ConfigurationReader.read(main: mainFile, files: files)
      #expect((reading.configuration == nil) == !reading.mistakes.isEmpty)
      for mistake in reading.mistakes {
        #expect(mistake.line >= 1 && mistake.column >= 1 && !mistake.description.contains(where: \.isNewline))
      }
    }
  }

  private static func mutate(_ bytes: inout [UInt8], using random: inout SplitMix) {
    let index = Int.random(in: bytes.indices, using: &random)
    let length = min(Int.random(in: 1...40, using: &random), bytes.count - index)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
    case 1: bytes.removeSubrange(index..<index + length)
    case 2: bytes.insert(contentsOf: bytes[index..<index + length], at: Int.random(in: bytes.indices, using: &random))
    case 3: bytes.insert(special.randomElement(using: &random) ?? 0, at: index)
    case 4: bytes.removeSubrange((index / 2)...)
    default: bytes.swapAt(index, Int.random(in: bytes.indices, using: &random))
    }
    if bytes.isEmpty { bytes = [0x61] }
  }

  private static let special = Array("[]{}:,-?&*!|>'\"%@`#\n\r\t \0\\<~".utf8)
}

/// The generator SplitMix64 of Steele, Lea and Flood: the same numbers in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
