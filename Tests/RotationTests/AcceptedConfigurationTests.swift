// SPDX-License-Identifier: Apache-2.0

import Host
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// The copy of the configuration in force.
struct AcceptedConfigurationTests {
  private let site: Site

  init() throws {
    site = try Site()
    try site.folder.write("roots.pem", [try Authority.one.get().root.certificate].pem)
  }

  private func configure(_ names: String..., more: String = "") throws {
    let keystores = names.map {
      "  \($0): {trust: {bundles: [\(site.folder.file("roots.pem"))]}, files: [{pse: {path: trust.pse}}]}\n"
    }
    try site.configure("keystores:\n" + keystores.joined() + more)
  }

  private var copy: AcceptedConfigurationFile { AcceptedConfigurationFile(layout: site.layout, files: HostFiles()) }

  @Test func `it is what the daemon works with, whatever becomes of the files`() async throws {
    try configure("a")
    try await site.run { daemon in
      let first = await daemon.context.landscape.configuration
      #expect(try copy.load(of: site.configuration) == first)
      try configure("a", "b", more: "  c: {}\n")
      try await daemon.services.keeper.reload()
      #expect(try copy.load(of: site.configuration) == first, "a bad one is not accepted")
      try configure("a", "b")
      try await daemon.services.keeper.reload()
      let second = await daemon.context.landscape.configuration
      #expect(try copy.load(of: site.configuration) == second && second != first)
    }
    try HostFiles().removeTree(at: site.folder.file("roots.pem"))
    try HostFiles().removeTree(at: site.configuration)
    #expect(try copy.load(of: site.configuration)?.keystores.map(\.name) == ["a", "b"])
    #expect(try HostFiles().status(of: site.layout.acceptedConfiguration).mode == .ownerReadWrite)
    #expect(try copy.load(of: site.folder.file("other.yaml")) == nil, "it says nothing about another file")
  }

  @Test func `none is kept that is not in force`() async throws {
    try configure("a")
    try await site.settle()
    try copy.remove()
    #expect(try copy.load(of: site.configuration) == nil)
    try copy.remove()
  }
}
