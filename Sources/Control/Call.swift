// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One call of a method, as a client sends it (Varlink's protocol, "Call").
package struct Call: Sendable {
  /// With its interface, such as `org.varlink.service.GetInfo`.
  package let method: String
  /// The client wants as many replies as there are.
  package let more: Bool
  /// The client wants no reply.
  package let oneway: Bool
  private let message: [UInt8]

  /// Reads a message.
  ///
  /// - Throws: ``Malformed``, which never quotes the message.
  package init(message: [UInt8]) throws(Malformed) {
    struct Head: Decodable {
      let method: String
      let more: Bool?
      let oneway: Bool?
      let upgrade: Bool?
    }
    let head: Head
    do {
      head = try Wire.decoder.decode(Head.self, from: Data(message))
    } catch {
      throw Malformed()
    }
    guard head.method.utf8.count <= 256, head.upgrade != true else { throw Malformed() }
    method = head.method
    more = head.more ?? false
    oneway = head.oneway ?? false
    self.message = message
  }

  /// What came is no call, or one that asks for another protocol; who sends that is not answered.
  package struct Malformed: Error, Equatable {}

  /// The parameters as `type` has them.
  ///
  /// - Throws: ``Fault/invalidParameter(_:)``.
  package func parameters<Parameters: Decodable>(as type: Parameters.Type) throws(Fault) -> Parameters {
    do {
      return try Wire.decoder.decode(Wire.Incoming<Parameters>.self, from: Data(message)).parameters
    } catch DecodingError.keyNotFound(let key, _) {
      throw .invalidParameter(key.stringValue)
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      throw .invalidParameter(context.codingPath.last?.stringValue ?? "parameters")
    } catch {
      throw .invalidParameter("parameters")
    }
  }

  /// The message of a call.
  package static func message(
    _ method: String, _ parameters: some Encodable, more: Bool = false
  ) throws -> [UInt8] {
    try Wire.message(Wire.Outgoing(parameters: parameters, method: method, more: more ? true : nil))
  }
}

/// Parameters of a method that has none.
package struct Nothing: Codable, Sendable, Equatable {
  package init() {}
}
