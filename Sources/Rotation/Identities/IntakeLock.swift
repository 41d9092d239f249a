// SPDX-License-Identifier: Apache-2.0

import Host
package import SystemPackage

/// Keeps the daemon and `certrotd key import` from seeing a service key's file without its record, or the other way round.
package struct IntakeLock: Sendable {
  private let path: FilePath
  private let pause: @Sendable () async throws -> Void

  /// - Parameters:
  ///   - path: the lock file, made when it is missing.
  ///   - pause: waits between two attempts while somebody else holds it.
  package init(
    path: FilePath,
    pause: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: .milliseconds(20)) }
  ) {
    self.path = path
    self.pause = pause
  }

  /// Carries `body` out while nobody else holds the lock.
  ///
  /// - Throws: ``IntakeBusy`` after a minute of waiting, `SystemError` for the lock file, `CancellationError`, and what
  ///   `body` throws.
  func run<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    for _ in 1...Self.attempts {
      guard let lock = try FileLock.acquire(at: path, wait: false) else {
        try await pause()
        continue
      }
      let result: Result<Value, any Error>
      do {
        result = .success(try await body())
      } catch {
        result = .failure(error)
      }
      lock.release()
      return try result.get()
    }
    throw IntakeBusy(path: path)
  }

  /// A minute's worth: whoever holds it only copies a file and writes a record.
  private static let attempts = 3_000
}

/// Another process holds the lock for too long.
struct IntakeBusy: Error, CustomStringConvertible {
  let path: FilePath

  var description: String {
    "another certrotd has been taking a service key over for a minute and holds \(path): see what it does, or end it"
  }
}
