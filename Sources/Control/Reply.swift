// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One reply, as the service sends it (Varlink's protocol, "Reply"): what a method gives, or an error.
package struct Reply: Sendable {
  /// The name of an error with its interface; nil when all is well.
  package let error: String?
  /// More replies to the same call follow.
  package let continues: Bool
  private let message: [UInt8]

  /// Reads a message.
  ///
  /// - Throws: `DecodingError` when it is no reply.
  package init(message: [UInt8]) throws {
    struct Head: Decodable {
      let error: String?
      let continues: Bool?
    }
    let head = try Wire.decoder.decode(Head.self, from: Data(message))
    error = head.error
    continues = head.continues ?? false
    self.message = message
  }

  /// What a method gave, or the parameters of an error.
  package func parameters<Parameters: Decodable>(as type: Parameters.Type) throws -> Parameters {
    try Wire.decoder.decode(Wire.Incoming<Parameters>.self, from: Data(message)).parameters
  }

  /// The message of a reply.
  package static func message(_ parameters: some Encodable, continues: Bool = false) throws -> [UInt8] {
    try Wire.message(Wire.Outgoing(parameters: parameters, continues: continues ? true : nil))
  }

  /// The message of an error.
  package static func message(_ fault: Fault) throws -> [UInt8] {
    try Wire.message(Wire.Outgoing(parameters: fault.parameters, error: fault.name))
  }
}
