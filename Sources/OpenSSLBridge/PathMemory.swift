// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates
import FoundationEssentials
import Synchronization

/// Paths that one trust anchor set has verified: many endpoints of one operator send the same chain.
///
/// Signatures, constraints and purposes do not change with time, and an anchor set never changes. What does, validity,
/// is judged anew at each use. Rejections are not remembered: a missing issuer may have turned up since.
final class PathMemory: Sendable {
  private struct Key: Hashable {
    let chain: [Certificate]
    let purpose: PathBuilder.Purpose
  }

  private let paths = Mutex<[Key: CertificatePath]>([:])

  /// A path for the very same certificates and purpose that is valid at `now`.
  func path(_ chain: [Certificate], _ purpose: PathBuilder.Purpose, now: Date) -> CertificatePath? {
    let known = paths.withLock { $0[Key(chain: chain, purpose: purpose)] }
    // OpenSSL counts the last second of validity as past.
    guard let known, known.certificates.allSatisfy({ $0.validity.notBefore <= now && now < $0.validity.notAfter })
    else {
      return nil
    }
    return known
  }

  func remember(_ path: CertificatePath, _ chain: [Certificate], _ purpose: PathBuilder.Purpose) {
    paths.withLock { paths in
      // Bounded, not clever: what is in use comes back with its next verification.
      if paths.count >= Self.limit { paths.removeAll(keepingCapacity: true) }
      paths[Key(chain: chain, purpose: purpose)] = path
    }
  }

  /// About 10 kB each.
  private static let limit = 512
}
