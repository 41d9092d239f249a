// SPDX-License-Identifier: Apache-2.0

/// The SHA-256 digest of a certificate's encoding: how certrotd names a certificate everywhere.
package struct Fingerprint: Hashable, Sendable {
  /// 32 bytes.
  package let bytes: [UInt8]

  /// Takes a digest; `nil` unless there are 32 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.length else { return nil }
    self.bytes = Array(bytes)
  }

  /// Reads `sha256:9f86…`, `9F:86:…` or plain digits; `nil` for anything else.
  package init?(hexadecimal text: some StringProtocol) {
    let lowered = text.lowercased()
    let digits = lowered.hasPrefix("sha256:") ? lowered.dropFirst(7) : lowered[...]
    guard let bytes = Hexadecimal.bytes(String(digits.filter { $0 != ":" })) else { return nil }
    self.init(bytes: bytes)
  }

  /// The first 16 digits: enough to tell certificates apart in a sentence or a file name.
  package var short: String { Hexadecimal.lower(bytes.prefix(8)) }

  package static let length = 32
}

extension Fingerprint {
  /// Eight bytes of a digest are as random as all of them, and plans hash fingerprints by the thousand.
  package func hash(into hasher: inout Hasher) {
    for byte in bytes.prefix(8) { hasher.combine(byte) }
  }
}

extension Fingerprint: CustomStringConvertible {
  /// 64 lower-case digits.
  package var description: String { Hexadecimal.lower(bytes) }
}

extension Fingerprint: Comparable {
  package static func < (left: Fingerprint, right: Fingerprint) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}
