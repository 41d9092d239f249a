// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What was made of certificates lately, by their encoding: few issuers sign most servers, and one operator shows a leaf on
/// many of them.
package final class CertificateCache<Value: Sendable>: Sendable {
  private struct State {
    // Two halves, of which the older is dropped when the newer is full: what is asked for again moves over.
    var newer: [[UInt8]: Value] = [:]
    var older: [[UInt8]: Value] = [:]
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: how many certificates are remembered at most.
  package init(capacity: Int = 256) { self.capacity = capacity }

  /// Makes a value of a certificate, or returns the one that was made before.
  ///
  /// Two callers at one time may both make it; the later one's stays.
  ///
  /// - Parameters:
  ///   - bytes: the certificate, DER.
  ///   - make: makes the value.
  /// - Returns: the value.
  /// - Throws: what `make` throws, which is not remembered.
  package func value<Failure: Error>(for bytes: [UInt8], make: () throws(Failure) -> Value) throws(Failure) -> Value {
    let known: Value? = state.withLock { state in
      if let value = state.newer[bytes] { return value }
      guard let value = state.older[bytes] else { return nil }
      remember(value, for: bytes, in: &state)
      return value
    }
    if let known { return known }
    let value = try make()
    // A few kilobytes are what real ones have; a hostile peer's quarter of a megabyte is not worth keeping.
    if bytes.count <= Self.largest { state.withLock { remember(value, for: bytes, in: &$0) } }
    return value
  }

  private func remember(_ value: Value, for bytes: [UInt8], in state: inout State) {
    if state.newer.count >= capacity / 2 {
      state.older = state.newer
      state.newer = [:]
    }
    state.newer[bytes] = value
  }

  private static var largest: Int { 16 * 1024 }
}
