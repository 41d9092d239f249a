// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host

/// Reads hostile JSON of a known form: size and nesting are judged before anything is decoded.
enum BoundedJSON {
  /// Unknown members are ignored; a failure never quotes the text.
  ///
  /// The decoder gets a copy that is overwritten before this returns.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from body: SecretBytes, what: String
  ) throws(PlatformFailure) -> Value {
    guard body.count <= sizeLimit else { throw .malformed("\(what) is larger than \(sizeLimit) bytes") }
    guard isShallow(body) else {
      throw .malformed("\(what) is nested more than \(JSONValue.depthLimit) levels deep")
    }
    var copy = Data(body.copyBytes())
    defer { copy.resetBytes(in: copy.startIndex..<copy.endIndex) }
    do {
      return try JSONDecoder().decode(type, from: copy)
    } catch DecodingError.keyNotFound(let key, _) {
      throw .malformed("\(what) lacks '\(PlatformWords.clean(key.stringValue))'")
    } catch let failure as PlatformFailure {
      throw .malformed("\(what) cannot be used: \(failure.words)")
    } catch {
      throw .malformed("\(what) is not the JSON that was expected")
    }
  }

  private static func isShallow(_ body: SecretBytes) -> Bool {
    body.withSpan { text in
      var depth = 0
      var inString = false
      var isEscaped = false
      for index in text.indices {
        switch text[index] {
        case _ where isEscaped: isEscaped = false
        case UInt8(ascii: "\\") where inString: isEscaped = true
        case UInt8(ascii: "\""): inString.toggle()
        case _ where inString: break
        case UInt8(ascii: "{"), UInt8(ascii: "["):
          depth += 1
          if depth > JSONValue.depthLimit { return false }
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
      }
      return true
    }
  }

  /// Bytes: a page of two hundred bindings with their credentials, and some.
  static let sizeLimit = 8 << 20
}
