// SPDX-License-Identifier: Apache-2.0

/// Something that holds for every case, tried with many that are made up; one that breaks it is told as the smallest found.
package struct Property<Case> {
  private let make: (inout Choices) -> Case
  private let objection: (Case) -> String?

  /// - Parameters:
  ///   - make: makes a case, by nothing but the choices.
  ///   - objection: what is wrong with it; nil where the property holds.
  package init(for make: @escaping (inout Choices) -> Case, objection: @escaping (Case) -> String?) {
    self.make = make
    self.objection = objection
  }

  /// The smallest case found that breaks the property, with what is wrong; nil where none of `count` does.
  ///
  /// The same seed tries the same cases in every run.
  package func counterexample(in count: Int, seed: UInt64) -> (example: Case, objection: String)? {
    for number in 0..<UInt64(count) {
      var choices = Choices(SeededGenerator(seed: seed &+ number &* 0x9E37_79B9))
      guard objection(make(&choices)) != nil else { continue }
      return shrink(choices.made)
    }
    return nil
  }

  private func shrink(_ first: [UInt64]) -> (example: Case, objection: String)? {
    var smallest = first
    var isSmaller = true
    while isSmaller {
      isSmaller = false
      for candidate in Self.smaller(than: smallest) {
        var choices = Choices(candidate)
        guard objection(make(&choices)) != nil, Self.isSimpler(choices.made, than: smallest) else { continue }
        smallest = choices.made
        isSmaller = true
        break
      }
    }
    var choices = Choices(smallest)
    let example = make(&choices)
    return objection(example).map { (example, $0) }
  }

  /// Without some choices in a row, or with smaller ones: what saves most comes first.
  private static func smaller(than choices: [UInt64]) -> some Sequence<[UInt64]> {
    let cuts = [32, 8, 4, 3, 2, 1].lazy.filter { $0 <= choices.count }.flatMap { length in
      (0...choices.count - length).lazy.map { start in
        Array(choices[..<start] + choices[(start + length)...])
      }
    }
    let reductions = choices.indices.lazy.flatMap { index in
      (0..<64).lazy.map { choices[index] >> (63 - $0) }.filter { $0 < choices[index] }.map { less in
        choices.replacing(index, with: less)
      }
    }
    let steps = choices.indices.lazy.filter { choices[$0] > 0 }.map { choices.replacing($0, with: choices[$0] - 1) }
    return [AnySequence(cuts), AnySequence(reductions), AnySequence(steps)].lazy.joined()
  }

  private static func isSimpler(_ one: [UInt64], than other: [UInt64]) -> Bool {
    one.count != other.count ? one.count < other.count : one.lexicographicallyPrecedes(other)
  }
}

extension [UInt64] {
  fileprivate func replacing(_ index: Int, with number: UInt64) -> [UInt64] {
    var copy = self
    copy[index] = number
    return copy
  }
}
