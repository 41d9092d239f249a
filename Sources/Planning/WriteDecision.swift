// SPDX-License-Identifier: Apache-2.0

/// Whether a keystore needs a new generation.
package enum WriteDecision: Sendable, Equatable {
  /// The files hold what they should.
  case upToDate
  /// Nothing can be written yet, for this reason, which is one sentence.
  case waiting(String)
  /// Nothing can be written before an operator does what the sentence says.
  case stuck(Standstill)
  /// What would be written is what was rolled back.
  case held(GenerationContent)
  /// Write this content.
  case write(GenerationContent, Reason)

  /// Whether the files in force are what is wanted, or were chosen by an operator.
  package var isSettled: Bool {
    switch self {
    case .upToDate, .held: true
    case .waiting, .stuck, .write: false
    }
  }
}

/// Why nothing can be written before an operator acts.
package struct Standstill: Sendable, Hashable {
  /// What is wrong and what to do, in one sentence.
  package var sentence: String
  /// Whether another event than that of the keystore tells it already.
  package var isToldElsewhere: Bool

  package init(_ sentence: String, isToldElsewhere: Bool = false) {
    self.sentence = sentence
    self.isToldElsewhere = isToldElsewhere
  }
}
