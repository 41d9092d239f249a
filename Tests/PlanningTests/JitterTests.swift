// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Testing

@Suite struct JitterTests {
  @Test func factorsStayWithinATenthAndFillTheRange() {
    let jitter = Jitter(installation: 1, name: "probe/cloud")
    let factors = (0..<10_000).map { jitter.factor(startingAt: start + Double($0)) }
    #expect(factors.allSatisfy { (0.9...1.1).contains($0) })
    #expect(factors.contains { $0 < 0.905 } && factors.contains { $0 > 1.095 })
    let mean = factors.reduce(0, +) / Double(factors.count)
    #expect(abs(mean - 1) < 0.005)
  }

  @Test func sameArgumentsGiveTheSameFactorInEveryProcess() {
    // Known values: a change of them would move every schedule at an upgrade.
    let factor = Jitter(installation: 1, name: "probe/cloud").factor(startingAt: start)
    #expect(factor == Jitter(installation: 1, name: "probe/cloud").factor(startingAt: start))
    var generator = SplitMix64(seed: 1_234_567)
    // The first outputs that the authors' reference program gives for this seed.
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
  }

  @Test func installationNameAndTimeAllMatter() {
    let base = Jitter(installation: 1, name: "a").factor(startingAt: start)
    #expect(base != Jitter(installation: 2, name: "a").factor(startingAt: start))
    #expect(base != Jitter(installation: 1, name: "b").factor(startingAt: start))
    #expect(base != Jitter(installation: 1, name: "a").factor(startingAt: start + 1))
  }
}
