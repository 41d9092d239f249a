// SPDX-License-Identifier: Apache-2.0

/// The SHA-256 digest of a certificate's encoding: how certrotd names a certificate everywhere.
///
/// Plans copy, compare and hash fingerprints by the thousand: as four numbers they need neither memory nor counting of
/// references.
package struct Fingerprint: Hashable, Sendable {
  /// Eight bytes each, the first one in the highest place.
  private let first, second, third, fourth: UInt64

  /// Takes a digest; `nil` unless there are 32 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.length else { return nil }
    var words = (first: UInt64(0), second: UInt64(0), third: UInt64(0), fourth: UInt64(0))
    for byte in bytes {
      words.first = words.first << 8 | words.second >> 56
      words.second = words.second << 8 | words.third >> 56
      words.third = words.third << 8 | words.fourth >> 56
      words.fourth = words.fourth << 8 | UInt64(byte)
    }
    (first, second, third, fourth) = words
  }

  /// 32 bytes.
  package var bytes: [UInt8] {
    [first, second, third, fourth].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
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
  /// Eight bytes of a digest are as random as all of them.
  package func hash(into hasher: inout Hasher) { hasher.combine(first) }
}

extension Fingerprint: CustomStringConvertible {
  /// 64 lower-case digits.
  package var description: String { Hexadecimal.lower(bytes) }
}

extension Fingerprint: Comparable {
  package static func < (left: Fingerprint, right: Fingerprint) -> Bool {
    (left.first, left.second, left.third, left.fourth) < (right.first, right.second, right.third, right.fourth)
  }
}
