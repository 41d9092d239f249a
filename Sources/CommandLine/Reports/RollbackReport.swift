// SPDX-License-Identifier: Apache-2.0

/// What `certrotd rollback` shows.
struct RollbackReport: Output.Displayable {
  /// A generation that was passed over.
  struct Skipped: Encodable {
    let generation: Int
    let reason: String
  }

  let keystore: String
  /// The generation that was asked for.
  let wanted: Int
  /// The one that is in force.
  let generation: Int
  /// The one that was in force before.
  let previous: Int
  /// Newer ones that cannot be used, where no generation was named.
  let skipped: [Skipped]
  /// What does not work with the one that is in force, each one sentence.
  let warnings: [String]

  var text: String {
    let passed = skipped.map { "generation \($0.generation) was passed over: \($0.reason)" }
    let warned = warnings.map { "warning: \($0)" }
    let advice = warnings.isEmpty ? [] : ["certrotd rollback \(keystore) \(previous) takes that back"]
    return (passed + [result] + warned + advice).joined(separator: "\n")
  }

  private var result: String {
    wanted == generation
      ? "keystore \(keystore) is at generation \(generation) again"
      : "keystore \(keystore) is at generation \(generation), which is generation \(wanted) with the passwords of now"
  }
}
