// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Keeps what a closure under test was given.
final class Recorder<Value: Sendable>: Sendable {
  private let storage = Mutex<[Value]>([])

  var values: [Value] { storage.withLock { $0 } }

  @Sendable func record(_ value: Value) {
    storage.withLock { $0.append(value) }
  }
}
