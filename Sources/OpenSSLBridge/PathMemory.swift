// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Synchronization

/// Paths that one trust anchor set has verified: many endpoints of one operator send the same chain.
///
/// Signatures, constraints, purposes and the names in a leaf do not change with time, and an anchor set never changes.
/// What does, validity, is judged anew at each use. Rejections are not remembered: a missing issuer may have turned up
/// since.
final class PathMemory: Sendable {
  /// What was found out about one chain.
  struct Known: Sendable {
    let path: CertificatePath
    /// What the leaf is made out to, of all that was asked.
    var names: Set<ServerName>
  }

  private struct Key: Hashable {
    let chain: [Certificate]
    let purpose: PathBuilder.Purpose
  }

  private let paths = Mutex<[Key: Known]>([:])

  /// What is known of the very same certificates and purpose, if the path is valid at `now`.
  func recall(_ chain: [Certificate], _ purpose: PathBuilder.Purpose, now: Date) -> Known? {
    let known = paths.withLock { $0[Key(chain: chain, purpose: purpose)] }
    // OpenSSL counts the last second of validity as past.
    guard let known,
      known.path.certificates.allSatisfy({ $0.validity.notBefore <= now && now < $0.validity.notAfter })
    else {
      return nil
    }
    return known
  }

  /// Remembers a path that was verified, and a name that its leaf is made out to.
  func remember(
    _ path: CertificatePath, _ name: ServerName?, _ chain: [Certificate], _ purpose: PathBuilder.Purpose
  ) {
    paths.withLock { paths in
      let key = Key(chain: chain, purpose: purpose)
      var names: Set<ServerName> = []
      if let known = paths[key], known.path == path, known.names.count < Self.nameLimit { names = known.names }
      if let name { names.insert(name) }
      // Bounded, not clever: what is in use comes back with its next verification.
      if paths.count >= Self.limit { paths.removeAll(keepingCapacity: true) }
      paths[key] = Known(path: path, names: names)
    }
  }

  /// About 10 kB each.
  private static let limit = 512
  private static let nameLimit = 64
}
