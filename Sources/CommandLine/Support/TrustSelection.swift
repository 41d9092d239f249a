// SPDX-License-Identifier: Apache-2.0

import Certificates
import OpenSSLBridge
import PSEFormat

/// One entry of a trust list, as a person names it: by its number in the list, its subject, or its SHA-256.
enum TrustSelection {
  case number(Int)
  case fingerprint(Fingerprint)
  case subject(DistinguishedName)

  /// Reads what was typed; nil for a text that is none of the three.
  init?(_ text: String) {
    if let fingerprint = Fingerprint(hexadecimal: text) {
      self = .fingerprint(fingerprint)
    } else if let number = Int(text) {
      self = .number(number)
    } else if let subject = try? DistinguishedName(parsing: text) {
      self = .subject(subject)
    } else {
      return nil
    }
  }

  /// The index of the entry that is meant.
  ///
  /// - Throws: ``Refusal`` when there is none, or several.
  func index(in entries: [PSETrustList.Entry]) throws -> Int {
    let found = entries.indices.filter { matches(entries[$0], number: $0 + 1) }
    guard let index = found.first else {
      throw Refusal("the trust list of \(entries.count) holds nothing with \(self)")
    }
    guard found.count == 1 else {
      let numbers = found.map { "\($0 + 1)" }.joined(separator: ", ")
      throw Refusal("the entries \(numbers) have \(self): name one by its number or SHA-256")
    }
    return index
  }

  private func matches(_ entry: PSETrustList.Entry, number: Int) -> Bool {
    switch (self, entry) {
    case (.number(let wanted), _): wanted == number
    case (.fingerprint(let wanted), .certificate(let certificate)): certificate.fingerprint == wanted
    case (.subject(let wanted), .certificate(let certificate)): certificate.subject.isAlike(wanted)
    case (.subject(let wanted), .toBeSigned): entry.unsigned?.subject.isAlike(wanted) == true
    // Its digest is nobody's fingerprint.
    case (.fingerprint, .toBeSigned): false
    }
  }
}

extension TrustSelection: CustomStringConvertible {
  var description: String {
    switch self {
    case .number(let number): "the number \(number)"
    case .fingerprint(let fingerprint): "the SHA-256 \(fingerprint)"
    case .subject(let subject): "the subject \(subject)"
    }
  }
}
