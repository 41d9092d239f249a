// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzTargets
import Testing

/// A short pass over every target with a fixed seed: a failure comes back in the next run.
///
/// `scripts/fuzz` runs the same targets for as long as one likes.
struct FuzzTargetTests {
  private static let seeds = Result { try FuzzSeeds(now: Date(timeIntervalSince1970: 1_772_323_198)) }

  private static let example: [UInt8] = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let lines =
      (try? String(contentsOf: repository.appending(path: "etc/certrotd/certrotd.yaml"), encoding: .utf8)) ?? ""
    // With its commented lines of YAML switched on.
    return Array(lines.replacing("\n#", with: "\n").utf8)
  }()

  @Test(
    arguments: [(.pse, 20_000), (.pem, 10_000), (.serviceKey, 3_000), (.configuration, 300)] as [(FuzzTarget, Int)])
  func damagedInputsAreReadOrRefused(target: FuzzTarget, rounds: Int) throws {
    let inputs = try Self.seeds.get().inputs(for: target, example: Self.example)
    for input in inputs where target != .configuration { #expect(try target.run(input), "\(target) refuses its seed") }
    var mutator = Mutator(seeds: inputs, seed: 0x5EED)
    var readable = 0
    for round in 0..<rounds {
      let bytes = mutator.next()
      do {
        if try target.run(bytes) { readable += 1 }
      } catch {
        Issue.record("\(target), round \(round): \(error)")
      }
    }
    #expect(readable < rounds, "nothing was damaged")
    #expect(target == .configuration || readable > 0, "everything was refused")
  }
}
