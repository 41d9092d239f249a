// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// How values are written: names with underscores, as Varlink's interface language has them, and times in ISO 8601.
enum Wire {
  static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.dateDecodingStrategy = .iso8601
    return decoder
  }

  /// The part of a call or a reply that differs from method to method.
  struct Incoming<Parameters: Decodable>: Decodable {
    let parameters: Parameters
  }

  /// A call or a reply; members that are nil are left out.
  struct Outgoing<Parameters: Encodable>: Encodable {
    var parameters: Parameters
    var method: String?
    var more: Bool?
    var continues: Bool?
    var error: String?
  }

  /// A message with its zero.
  static func message(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [0]
  }
}
