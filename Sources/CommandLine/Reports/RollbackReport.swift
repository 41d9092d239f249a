// SPDX-License-Identifier: Apache-2.0

/// What `certrotd rollback` shows.
struct RollbackReport: Output.Displayable {
  let keystore: String
  /// The generation that was asked for.
  let wanted: Int
  /// The one that is in force.
  let generation: Int

  var text: String {
    wanted == generation
      ? "keystore \(keystore) is at generation \(generation) again"
      : "keystore \(keystore) is at generation \(generation), which is generation \(wanted) with the passwords of now"
  }
}
