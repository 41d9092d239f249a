// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Journal
import Keystores
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Two keystores that come to write one file, by a link that leads elsewhere since, or by an earlier generation.
struct OutputCollisionTests {
  private let site: Site

  init() throws {
    site = try Site()
    let (one, two) = (try Authority.one.get(), try Authority.two.get())
    try site.folder.write("one.pem", one.issuing.path.pem)
    try site.folder.write("two.pem", two.issuing.path.pem)
    for name in ["a", "b"] {
      try HostFiles().makeDirectory(at: site.folder.file(name), mode: .ownerReadWriteExecute)
    }
  }

  private func configure(_ paths: [String: String]) throws {
    let keystores = paths.sorted { $0.key < $1.key }.map { name, path in
      """
        \(name):
          trust: {bundles: [\(site.folder.file("\(name).pem"))]}
          files: [{pse: {path: \(site.folder.file(path))}}]
      """
    }
    try site.configure("keystores:\n" + keystores.joined(separator: "\n"))
  }

  private func trust(_ path: String) throws -> Set<Certificate> {
    Set(try RunningSite.read(site.folder.file(path), as: .pse()).trust)
  }

  private func lead(_ link: String, to folder: String) throws {
    try HostFiles().removeTree(at: site.folder.file(link))
    try HostFiles().symbolicLink(at: site.folder.file(link), target: site.folder.file(folder))
  }

  @Test func `a link that was led elsewhere after a reload makes no keystore overwrite another`() async throws {
    try lead("link", to: "b")
    try configure(["one": "a/x.pse", "two": "link/x.pse"])
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try trust("a/x.pse") == Set(Authority.one.get().issuing.path))
      #expect(try trust("b/x.pse") == Set(Authority.two.get().issuing.path))
      _ = site.recorder.take()
      try lead("link", to: "a")
      for _ in 1...2 {
        try await daemon.refresh()
        site.clock.advance(by: .minutes(5))
        try await daemon.settle()
      }
      #expect(try trust("a/x.pse") == Set(Authority.one.get().issuing.path), "it belongs to keystore one")
      let told = site.recorder.take()
      #expect(told.map(\.event) == [.keystoreFailed])
      #expect(told.first?.fields[.keystore] == "two" && told.first?.fields[.culprit] == "configuration")
      let reason = try #require(told.first?.fields[.reason])
      #expect(reason.contains("would overwrite \(site.folder.file("a/x.pse")) of keystore one"), "\(reason)")

      try lead("link", to: "b")
      try await daemon.services.keeper.reload()
      try await daemon.settle()
      #expect(try trust("b/x.pse") == Set(Authority.two.get().issuing.path))
    }
  }

  @Test func `a rollback takes no file that belongs to another keystore now`() async throws {
    try configure(["one": "a/x.pse"])
    try await site.settle()
    try configure(["one": "a/y.pse", "two": "a/x.pse"])
    try await site.run { daemon in
      try await daemon.settle()
      #expect(try await daemon.currentNumber("one") == 2)
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "one"))
      let shelf = GenerationShelf(layout: daemon.context.layout, files: HostFiles())
      let error = await #expect(throws: RollbackError.self) {
        try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: 1)
      }
      #expect(
        error?.description.contains("a/x.pse belongs to keystore two now") == true, "\(String(describing: error))")
      #expect(try await daemon.currentNumber("one") == 2)
      #expect(try trust("a/x.pse") == Set(Authority.two.get().issuing.path))
    }
  }

  @Test func `a rollback to a later generation is told as one`() async throws {
    try configure(["one": "a/x.pse"])
    try await site.settle()
    try site.folder.write("one.pem", try Authority.two.get().issuing.path.pem)
    try await site.run { daemon in
      try await daemon.settle()
      let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "one"))
      let shelf = GenerationShelf(layout: daemon.context.layout, files: HostFiles())
      let sentences = [
        (1, "went back: an operator rolled back from generation 2 to 1"),
        (2, "went on to a later generation: an operator went on from generation 1 to 2"),
      ]
      for (target, sentence) in sentences {
        _ = site.recorder.take()
        _ = try await Rollback(context: daemon.context, shelf: shelf).run(settings, to: target)
        let told = site.recorder.take(.keystoreRolledBack)
        #expect(told.first?.message.contains(sentence) == true, "\(told)")
        try await daemon.services.keeper.rereadLedger()
      }
    }
  }
}
