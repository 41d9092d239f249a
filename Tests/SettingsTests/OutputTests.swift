// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import Settings

struct OutputTests {
  /// Two keystores `a` and `b` that trust, with these files.
  private func found(_ first: String, _ second: String = "[{pse: {path: b}}]", adopt: String? = nil) -> [String] {
    mistakes(
      """
      endpoints: {e: {url: e.example}}
      keystores:
        a: {\(adopt.map { "adopt: \($0), " } ?? "")trust: {endpoints: [e], bundles: [/etc/certrotd/roots.pem]}, files: \(first)}
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

  @Test(arguments: [
    ("[{pse: {path: x}}]", "[{pse: {path: FOLDER/old.pse}}]"),
    ("[{ca-directory: {path: FOLDER/old.pse}}]", "[{pse: {path: b}}]"),
    ("[{pse: {path: x}}]", "[{ca-directory: {path: FOLDER}}]"),
    ("[{pem: {certificate: FOLDER/old.pse}}]", "[{pse: {path: b}}]"),
  ])
  func `a PSE that is to be taken over is safe from all but what takes its place`(first: String, second: String) {
    let place = { (text: String) in text.replacing("FOLDER", with: folder) }
    let messages = found(place(first), place(second), adopt: "\(folder)/old.pse")
      .filter { !$0.contains("does not exist") }
    #expect(messages.count == 1, "\(messages)")
    #expect(
      messages.first?.contains("would overwrite \(folder)/old.pse, which keystore a adopts") == true, "\(messages)")
    #expect(found("[{pse: {path: \(folder)/old.pse}}]", adopt: "\(folder)/old.pse") == [])
  }

  @Test(arguments: ["", ", sapgenpse: {secudir: /etc/ssl}"]) func `credentials are safe from all outputs`(tool: String)
  {
    func found(_ file: String, _ other: String = "[{pse: {path: b}}]") -> [String] {
      mistakes(
        """
        keystores:
          a: {identity: {self-signed: {subject: CN=a}}, files: [{pse: {path: \(file), pin-credential: p, seclogin: u\(tool)}}]}
          b: {trust: {bundles: [/etc/certrotd/roots.pem]}, files: \(other)}
        """)
    }
    let place = tool.isEmpty ? folder : "/etc/ssl"
    #expect(found("\(folder)/x.pse") == [])
    for messages in [
      found("\(place)/cred_v2"), found("\(folder)/x.pse", "[{pse: {path: \(place)/cred_v2}}]"),
      found("\(folder)/x.pse", "[{ca-directory: {path: \(place)}}]").filter { !$0.contains("in the folder") },
    ] {
      let real = messages.filter { !$0.contains("does not exist") }
      #expect(real.count == 1 && real[0].contains("cred_v2, where seclogin writes credentials"), "\(messages)")
    }
  }

  @Test func `a conflict names the other place`() {
    let messages = found("[{pse: {path: \(folder)/x}}]", "[{pse: {path: \(folder)/x}}]")
    #expect(
      messages == [
        "4:53: error: keystores.b.files[0].pse.path: \(folder)/x is written twice; the first one is at 3:89"
      ])
  }
}
