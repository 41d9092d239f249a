// SPDX-License-Identifier: Apache-2.0

/// Lets one caller in at a time, in the order of their coming, also while the one inside waits for something.
actor Turn {
  private var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Runs `body` when everybody who came before is done.
  ///
  /// `body` must not come back to the same turn.
  func take<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
    if isTaken {
      await withCheckedContinuation { waiting.append($0) }
    }
    isTaken = true
    defer { leave() }
    return try await body()
  }

  /// The turn is handed over rather than given back, so that nobody slips in between.
  private func leave() {
    guard !waiting.isEmpty else {
      isTaken = false
      return
    }
    waiting.removeFirst().resume()
  }
}
