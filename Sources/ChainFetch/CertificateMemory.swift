// SPDX-License-Identifier: Apache-2.0

import Certificates
import Synchronization

/// Certificates that were read lately, so that the few issuers that sign most servers, and the leaves that one operator
/// shows on many of them, are neither parsed nor kept once for each.
final class CertificateMemory: Sendable {
  private struct State {
    // Two halves, of which the older is dropped when the newer is full: what is asked for again moves over.
    var newer: [[UInt8]: Certificate] = [:]
    var older: [[UInt8]: Certificate] = [:]
  }

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int = 256) { self.capacity = capacity }

  /// Reads a certificate, or returns it as it was read before.
  ///
  /// - Parameter bytes: DER; equal bytes give equal certificates.
  /// - Returns: The certificate.
  /// - Throws: `CertificateError` as reading does; failures are not remembered.
  func certificate(_ bytes: [UInt8]) throws(CertificateError) -> Certificate {
    let known: Certificate? = state.withLock { state in
      if let certificate = state.newer[bytes] { return certificate }
      guard let certificate = state.older[bytes] else { return nil }
      remember(certificate, for: bytes, in: &state)
      return certificate
    }
    if let known { return known }
    let certificate = try Certificate(derEncoded: bytes)
    state.withLock { remember(certificate, for: bytes, in: &$0) }
    return certificate
  }

  private func remember(_ certificate: Certificate, for bytes: [UInt8], in state: inout State) {
    if state.newer.count >= capacity / 2 {
      state.older = state.newer
      state.newer = [:]
    }
    state.newer[bytes] = certificate
  }
}
