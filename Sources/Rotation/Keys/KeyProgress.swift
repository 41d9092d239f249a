// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Synchronization

/// What somebody who waits for a service key is told.
package enum KeyProgress: Sendable, Hashable {
  /// What happens now: one sentence without its full stop.
  case step(String)
  /// The last word: whether the new key is in force, and if not, why and when it is tried again.
  case ended(succeeded: Bool, String)
  /// The last word where nothing failed, and it goes on by itself at a time that nobody waits for at a command.
  case resting(until: Date, String)
}

/// Tells those who wait for service keys how far they are.
package final class KeyProgressBoard: Sendable {
  private let waiting = Mutex<[String: [Int: AsyncStream<KeyProgress>.Continuation]]>([:])
  private let numbers = Mutex(0)

  package init() {}

  /// What happens to a service key from now on, up to its end.
  package func follow(_ serviceKey: String) -> AsyncStream<KeyProgress> {
    let number = numbers.withLock { number in
      number += 1
      return number
    }
    let (stream, continuation) = AsyncStream<KeyProgress>.makeStream(bufferingPolicy: .bufferingNewest(100))
    continuation.onTermination = { [weak self] _ in self?.leave(serviceKey, number) }
    waiting.withLock { $0[serviceKey, default: [:]][number] = continuation }
    return stream
  }

  func tell(_ progress: KeyProgress, of serviceKey: String) {
    let continuations = waiting.withLock { Array(($0[serviceKey] ?? [:]).values) }
    for continuation in continuations {
      continuation.yield(progress)
      switch progress {
      case .step: break
      case .ended, .resting: continuation.finish()
      }
    }
  }

  private func leave(_ serviceKey: String, _ number: Int) {
    waiting.withLock { waiting in
      waiting[serviceKey]?[number] = nil
      if waiting[serviceKey]?.isEmpty == true { waiting[serviceKey] = nil }
    }
  }
}
