// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host

/// Puts a form together whose values may be secrets (`application/x-www-form-urlencoded`; RFC 6749, appendix B).
struct SecretForm {
  private var bytes: [UInt8] = []

  init() {
    // Enough for any form that is sent, so that no copy stays behind where the array would have grown.
    bytes.reserveCapacity(32_768)
  }

  mutating func add(_ name: String, _ value: String) {
    begin(name)
    for byte in value.utf8 { append(byte) }
  }

  mutating func add(_ name: String, _ value: SecretBytes) {
    begin(name)
    value.withSpan { span in for index in span.indices { append(span[index]) } }
  }

  /// The form; this value is empty afterwards.
  mutating func finish() -> SecretBytes { SecretBytes(cleansing: &bytes) }

  /// Everything but the unreserved characters of RFC 3986, section 2.3, escaped.
  static func escape(_ text: String) -> String {
    var form = SecretForm()
    for byte in text.utf8 { form.append(byte) }
    return String(decoding: form.bytes, as: UTF8.self)
  }

  private mutating func begin(_ name: String) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
    bytes += Array(name.utf8)
    bytes.append(UInt8(ascii: "="))
  }

  private mutating func append(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      bytes.append(byte)
    default:
      bytes.append(UInt8(ascii: "%"))
      bytes += Array(Hexadecimal.upper(byte).utf8)
    }
  }
}
