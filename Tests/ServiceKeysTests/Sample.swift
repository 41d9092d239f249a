// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host

@testable import ServiceKeys

/// The certificates and keys of the folder `Fixtures`, and JSON around them.
enum Sample {
  static func fixture(_ name: String) throws -> String {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    return String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
  }

  /// Leaf, intermediate and root in one text, as the platform gives them.
  static var chain: String {
    get throws { try fixture("leaf.pem") + fixture("intermediate.pem") + fixture("root.pem") }
  }

  static var key: String {
    get throws { try fixture("leaf-pkcs1.key") }
  }

  static var certificates: [Certificate] {
    get throws { try PEMReader.certificates(in: chain.utf8) }
  }

  /// A JSON text with line breaks written out.
  static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
  }

  static func base64(_ text: String) -> String {
    "\"" + Data(text.utf8).base64EncodedString() + "\""
  }

  /// The members of a credentials object, without braces.
  static func members(certificate: String? = nil, key: String? = nil) throws -> String {
    "\"certificate\": \(quoted(try certificate ?? chain)), \"key\": \(quoted(try key ?? Self.key))"
  }

  /// Another certificate with its key.
  static var otherMembers: String {
    get throws { try members(certificate: fixture("other.pem"), key: fixture("other.key")) }
  }

  static func read(_ json: String, fields: ServiceKeyFieldPaths? = nil) throws(ServiceKeyError) -> ServiceKeyDocument {
    try ServiceKeyReader.read(Array(json.utf8), fields: fields)
  }

  /// The error that reading must end in.
  static func failure(_ json: String, fields: ServiceKeyFieldPaths? = nil) -> ServiceKeyError? {
    failure(Array(json.utf8), fields: fields)
  }

  static func failure(_ bytes: [UInt8], fields: ServiceKeyFieldPaths? = nil) -> ServiceKeyError? {
    do throws(ServiceKeyError) {
      _ = try ServiceKeyReader.read(bytes, fields: fields)
      return nil
    } catch {
      return error
    }
  }
}
