// SPDX-License-Identifier: Apache-2.0

import Certificates
import Testing

struct FingerprintTests {
  private static let digits = String(repeating: "0123456789abcdef", count: 4)

  @Test(arguments: [
    digits, digits.uppercased(), "sha256:" + digits, "SHA256:" + digits.uppercased(),
    stride(from: 0, to: 64, by: 2).map { String(Array(digits)[$0...($0 + 1)]) }.joined(separator: ":"),
  ])
  func readsEveryUsualForm(text: String) throws {
    let fingerprint = try #require(Fingerprint(hexadecimal: text))
    #expect(fingerprint.description == Self.digits)
    #expect(fingerprint.short == "0123456789abcdef")
  }

  @Test(arguments: ["", "sha256:", String(digits.dropLast()), digits + "00", "g" + digits.dropFirst()])
  func refusesAnythingElse(text: String) { #expect(Fingerprint(hexadecimal: text) == nil) }
}
