// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

/// That the search for counterexamples finds them, and makes them small.
struct PropertyTests {
  @Test func `a counterexample is as small as it can be`() throws {
    let sum = Property(for: { $0.list(upTo: 50) { $0.number(0...1_000_000) } }) { numbers in
      numbers.reduce(0, +) > 1234 ? "too much" : nil
    }
    #expect(try #require(sum.counterexample(in: 1000, seed: 1)).example == [1235])
    let order = Property(for: { $0.list(upTo: 50) { $0.number(-5...5) } }) { $0 == $0.sorted() ? nil : "unsorted" }
    let (example, objection) = try #require(order.counterexample(in: 1000, seed: 1))
    #expect(example.count == 2 && example[0] == example[1] + 1 && objection == "unsorted")
  }

  @Test func `what holds has none`() {
    let sorted = Property(for: { $0.list(upTo: 50) { $0.number(-5...5) } }) { numbers in
      numbers.sorted().reversed() == numbers.sorted(by: >) ? nil : "never"
    }
    #expect(sorted.counterexample(in: 1000, seed: 1) == nil)
  }
}
