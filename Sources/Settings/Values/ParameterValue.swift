// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// JSON that goes to a service broker as it is.
package enum ParameterValue: Sendable, Hashable, Encodable {
  case object([String: ParameterValue])
  case array([ParameterValue])
  case string(String)
  case integer(Int)
  case number(Double)
  case flag(Bool)
  case null

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .object(let members): try container.encode(members)
    case .array(let elements): try container.encode(elements)
    case .string(let text): try container.encode(text)
    case .integer(let number): try container.encode(number)
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    case .null: try container.encodeNil()
    }
  }

  /// The members of both; where both have one, objects are merged and anything else is taken from `other`.
  package func merging(_ other: ParameterValue) -> ParameterValue {
    guard case .object(let mine) = self, case .object(let theirs) = other else { return other }
    return .object(mine.merging(theirs) { $0.merging($1) })
  }

  /// How long a key with a certificate shall live, where the parameters say so in days, as the services of SAP take it
  /// (``OfferingPreset``); nil where they do not, or say it in another unit.
  package var validity: Duration? {
    guard case .object(let members) = self else { return nil }
    if let unit = members["validity-type"], unit != .string("DAYS") { return nil }
    for name in ["validity", "certValidityDays"] {
      if case .integer(let days)? = members[name], (1...3650).contains(days) { return .seconds(days * 86_400) }
    }
    let found = members.keys.sorted().compactMap { members[$0]?.validity }
    return found.min()
  }

  /// As text; equal values give equal text.
  ///
  /// - Throws: `EncodingError` for numbers that JSON does not have.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
