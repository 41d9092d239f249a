// SPDX-License-Identifier: Apache-2.0

/// What a made-up case was made of: each decision of its making, as a number.
///
/// A case is made anew from other numbers, so that no case needs a way of its own to become smaller: a smaller number
/// stands for the simpler decision, and a missing one for the simplest (as in MacIver and Donaldson, "Test-Case Reduction
/// via Test-Case Generation", 2020).
package struct Choices {
  private(set) var made: [UInt64] = []
  private let given: [UInt64]
  private var generator: SeededGenerator?

  /// Decides at random.
  init(_ generator: SeededGenerator) {
    given = []
    self.generator = generator
  }

  /// Decides as given, and for the simplest from there on.
  init(_ given: [UInt64]) {
    self.given = given
    generator = nil
  }

  private mutating func next(below limit: UInt64) -> UInt64 {
    let number = made.count < given.count ? given[made.count] : generator?.next() ?? 0
    made.append(number % limit)
    return number % limit
  }

  /// A number; the simplest is the lowest.
  package mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next(below: UInt64(range.upperBound - range.lowerBound) + 1))
  }

  /// One of these; the simplest is the first.
  package mutating func element<Element>(of elements: [Element]) -> Element {
    elements[number(0...elements.count - 1)]
  }

  /// Once in `times`; the simplest is no.
  package mutating func isChosen(onceIn times: Int) -> Bool { number(0...times - 1) == times - 1 }

  /// Up to so many; the simplest is none.
  package mutating func list<Element>(upTo count: Int, _ make: (inout Choices) -> Element) -> [Element] {
    var list: [Element] = []
    while list.count < count, number(0...7) > 0 { list.append(make(&self)) }
    return list
  }
}
