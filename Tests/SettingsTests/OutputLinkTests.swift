// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage
import TestSupport
import Testing

@testable import Settings

/// Outputs that have different names and are the same, by symbolic links to folders.
struct OutputLinkTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let files = HostFiles()
    for name in ["real", "real/below", "state"] {
      try files.makeDirectory(at: folder.file(name), mode: .ownerReadWriteExecute)
    }
    try files.symbolicLink(at: folder.file("link"), target: folder.file("real"))
    try files.symbolicLink(at: folder.file("deep"), target: folder.file("real/below"))
    try files.symbolicLink(at: folder.file("home"), target: folder.file("state"))
    try folder.write("real/roots.pem", "")
  }

  private func found(_ files: String..., bundle: String = "real/roots.pem") throws -> [String] {
    let keystores = files.enumerated().map { index, file in
      "  k\(index): {trust: {bundles: [\(folder.file(bundle))]}, files: [\(file)]}\n"
    }
    try folder.write("certrotd.yaml", "keystores:\n" + keystores.joined().replacing("HERE", with: "\(folder.path)"))
    let reading = ConfigurationReader.read(
      main: folder.file("certrotd.yaml"), files: HostConfigurationFiles(), stateDirectory: folder.file("state"))
    return reading.mistakes.map { $0.description.replacing("\(folder.path)", with: "HERE") }
  }

  @Test func `files of one name in different folders are fine`() throws {
    #expect(try found("pse: {path: HERE/real/x.pse}", "pse: {path: HERE/deep/x.pse}") == [])
    #expect(try found("ca-directory: {path: HERE/real/x}", "pse: {path: HERE/deep/x}") == [])
  }

  @Test func `one file by two names is written twice`() throws {
    let messages = try found("pse: {path: HERE/real/x.pse}", "pse: {path: HERE/link/x.pse}")
    #expect(messages.count == 1, "\(messages)")
    #expect(
      messages.first?.contains("HERE/link/x.pse is written twice, since it is HERE/real/x.pse under another name")
        == true
    )
    #expect(messages.first?.contains("the first one is at HERE/certrotd.yaml:2:") == true)
    #expect(try found("pse: {path: HERE/deep/x}", "pse: {path: HERE/link/below/x}").count == 1)
  }

  @Test(arguments: [
    ("ca-directory: {path: HERE/real/below}", "pse: {path: HERE/deep/x}"),
    ("ca-directory: {path: HERE/real/new}", "pse: {path: HERE/link/new/x}"),
  ])
  func `a file in a folder that is written lies there by any name`(first: String, second: String) throws {
    // A folder that is not there yet is a mistake of its own.
    let messages = try found(first, second).filter { !$0.contains("does not exist") }
    #expect(messages.count == 1 && messages.first?.contains("lies in the folder") == true, "\(messages)")
  }

  @Test func `what is read, and certrotd's own folder, are safe by any name`() throws {
    let overwriting = try found("pse: {path: HERE/link/roots.pem}")
    #expect(overwriting.count == 1 && overwriting[0].contains("would overwrite HERE/real/roots.pem"), "\(overwriting)")
    let folder = try found("ca-directory: {path: HERE/real}", bundle: "link/roots.pem")
    #expect(folder.count == 1 && folder[0].contains("would overwrite HERE/link/roots.pem"), "\(folder)")
    let own = try found("pse: {path: HERE/home/x.pse}")
    #expect(own.count == 1 && own[0].contains("lies in certrotd's own folder"), "\(own)")
  }

  @Test func `a PSE that is to be taken over is safe by any name`() throws {
    func found(adopt: String, _ first: String, _ second: String) throws -> [String] {
      try folder.write(
        "certrotd.yaml",
        """
        keystores:
          a: {adopt: \(folder.file(adopt)), files: [{pse: {path: \(folder.file(first))}}]}
          b: {trust: {bundles: [\(folder.file("real/roots.pem"))]}, files: [{pse: {path: \(folder.file(second))}}]}
        """)
      return ConfigurationReader.read(
        main: folder.file("certrotd.yaml"), files: HostConfigurationFiles(), stateDirectory: folder.file("state")
      ).mistakes.map(\.description)
    }
    #expect(try found(adopt: "real/old.pse", "link/old.pse", "link/x.pse") == [])
    let messages = try found(adopt: "real/old.pse", "real/new.pse", "link/old.pse")
    let expected =
      "\(folder.file("link/old.pse")) would overwrite \(folder.file("real/old.pse")), which keystore a adopts"
    #expect(messages.count == 1 && messages.first?.contains(expected) == true, "\(messages)")
  }

  @Test func `a folder is where the kernel says, with all that it lies in`() throws {
    let files = HostConfigurationFiles()
    let below = try #require(files.place(ofFolder: folder.file("deep")))
    let real = try #require(files.place(ofFolder: folder.file("link")))
    #expect(below.existing.dropFirst().first == real.existing.first && below.missing == [])
    #expect(files.place(ofFolder: folder.file("link/a/b"))?.missing == ["a", "b"])
    #expect(files.place(ofFolder: folder.file("link/a/b"))?.existing == real.existing)
    #expect(files.place(ofFolder: folder.file("real/roots.pem")) == nil)
    #expect(files.place(ofFolder: "/")?.existing.count == 1)
  }
}
