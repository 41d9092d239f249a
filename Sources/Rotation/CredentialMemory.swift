// SPDX-License-Identifier: Apache-2.0

import Host
import OpenSSLBridge
import Synchronization
import SystemPackage

/// Remembers which secret a file held, without the secret: by a digest over it and a random value of this process, so that
/// nobody who sees the digest can try passwords by it.
final class CredentialMemory: Sendable {
  private enum Finding: Equatable {
    case digest([UInt8])
    /// Somebody needed it, and could not have it.
    case unusable
  }

  private let salt: [UInt8]
  private let findings = Mutex<[FilePath: Finding]>([:])

  init() {
    var generator = SystemRandomNumberGenerator()
    salt = (0..<Self.saltLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  /// Takes note of a secret that is used.
  ///
  /// A later one does not take the place of the first: whoever failed with that has not been told yet.
  func note(_ secret: SecretBytes, at path: FilePath) {
    let found = finding(secret)
    findings.withLock { if $0[path] == nil { $0[path] = found } }
  }

  /// Takes note that a secret was needed and could not be used.
  func noteUnusable(at path: FilePath) {
    findings.withLock { $0[path] = .unusable }
  }

  /// Takes note of a secret once whoever uses it is told.
  ///
  /// - Returns: whether it is another one, or one where none was known.
  func replace(with secret: SecretBytes, at path: FilePath) -> Bool {
    let found = finding(secret)
    return findings.withLock { $0.updateValue(found, forKey: path) != found }
  }

  private func finding(_ secret: SecretBytes) -> Finding {
    let salted = SecretBytes(count: salt.count + secret.count) { target in
      for index in salt.indices { target[index] = salt[index] }
      secret.withSpan { source in
        for index in 0..<source.count { target[salt.count + index] = source[index] }
      }
    }
    return .digest(Digest.sha256(salted))
  }

  /// Bytes: as many as the digest has.
  private static let saltLength = 32
}
