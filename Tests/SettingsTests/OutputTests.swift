// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import Settings

struct OutputTests {
  /// Two keystores `a` and `b` that trust, with these files.
  private func found(_ first: String, _ second: String = "[{pse: {path: b}}]") -> [String] {
    mistakes(
      """
      endpoints: {e: {url: e.example}}
      keystores:
        a: {trust: {endpoints: [e], bundles: [/etc/certrotd/roots.pem]}, files: \(first)}
        b: {trust: {endpoints: [e]}, files: \(second)}
      """)
  }

  private let folder = "/usr/sap/ABC/D00/sec"

  @Test func `different outputs are fine`() {
    #expect(found("[{pse: {path: b}}, {pse: {path: x/b}}, {pse: {path: \(folder)/b}}]") == [])
    #expect(found("[{ca-directory: {path: \(folder)/b}}, {pse: {path: \(folder)/bb}}]") == [])
  }

  @Test(arguments: [
    ("[{pse: {path: x}}, {pse: {path: ./y/../x}}]", "[]", "x is written twice"),
    ("[{pse: {path: FOLDER/x}}]", "[{pse: {path: FOLDER/../sec/x}}]", "is written twice"),
    ("[{ca-directory: {path: x}}, {pse: {path: x/y/z}}]", "[]", "lies in the folder that is written at"),
    ("[{ca-directory: {path: FOLDER}}]", "[{pse: {path: FOLDER/x}}]", "lies in the folder that is written at"),
    ("[{pse: {path: x}}, {pse: {path: x/y}}]", "[]", "lies in the file that is written at"),
    ("[{pse: {path: /var/lib/certrotd/keystores/b/x}}]", "[]", "certrotd's own folder"),
    ("[{pse: {path: /etc/certrotd/roots.pem}}]", "[]", "would overwrite /etc/certrotd/roots.pem"),
    ("[{pse: {path: /etc/certrotd/certrotd.yaml}}]", "[]", "would overwrite /etc/certrotd/certrotd.yaml"),
    ("[{ca-directory: {path: /etc/certrotd}}]", "[]", "would overwrite /etc/certrotd/certrotd.yaml"),
  ])
  func `outputs that destroy something are mistakes`(first: String, second: String, message: String) {
    let place = { (text: String) in text.replacing("FOLDER", with: folder) }
    let messages = found(place(first), second == "[]" ? "[{pse: {path: b}}]" : place(second))
      // The folder of certrotd's state does not exist in these tests.
      .filter { !$0.contains("does not exist") }
    #expect(messages.count == 1, "\(messages)")
    #expect(messages.first?.contains(message) == true, "\(messages)")
  }

  @Test func `a conflict names the other place`() {
    let messages = found("[{pse: {path: \(folder)/x}}]", "[{pse: {path: \(folder)/x}}]")
    #expect(
      messages == [
        "4:53: error: keystores.b.files[0].pse.path: \(folder)/x is written twice; the first one is at 3:89"
      ])
  }
}
