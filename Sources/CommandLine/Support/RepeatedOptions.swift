// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Finds options that are given twice, of which the argument parser would take the last one and say nothing.
enum RepeatedOptions {
  /// Refuses arguments in which an option occurs twice that takes one value.
  ///
  /// - Parameter arguments: without the name of the program.
  /// - Throws: `ValidationError`, which ends a command with exit code 64.
  static func check(_ arguments: [String]) throws {
    var seen: Set<Substring> = []
    for argument in arguments {
      // What follows are values, whatever they look like.
      if argument == "--" { break }
      guard argument.hasPrefix("--") else { continue }
      let name = argument.prefix { $0 != "=" }
      guard !seen.insert(name).inserted, !repeatable.contains(name) else { continue }
      throw ValidationError("\(name) is given twice, and only one of them could count: give it once")
    }
  }

  /// Options with as many values as one likes.
  static let repeatable: Set<Substring> = ["--group", "--trust"]
}
