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
  /// Newer ones whose files are not whole, where no generation was named.
  let skipped: [Skipped]

  var text: String {
    (skipped.map { "generation \($0.generation) was passed over: \($0.reason)" } + [result]).joined(separator: "\n")
  }

  private var result: String {
    wanted == generation
      ? "keystore \(keystore) is at generation \(generation) again"
      : "keystore \(keystore) is at generation \(generation), which is generation \(wanted) with the passwords of now"
  }
}
