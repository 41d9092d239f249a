// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A keystore that fails for a long time neither fills the disk nor makes the daemon forget what is in force.
struct FailedGenerationTests {
  private let site: Site

  init() throws {
    site = try Site()
    try site.configure(
      """
      keystores:
        client:
          trust: {bundles: [\(site.folder.file("trust.pem"))]}
          files:
            - pse: {path: client.pse}
            - pse: {path: \(site.folder.file("outside.pse"))}
      """)
  }

  @Test func `another reason is told too, and the same one once`() async throws {
    try site.folder.write("trust.pem", try Authority.one.get().issuing.path.pem)
    let blocked = site.folder.file("outside.pse")
    try HostFiles().makeDirectory(at: blocked, mode: .ownerReadWriteExecute)
    try await site.run { daemon in
      try await daemon.settle()
      #expect(site.recorder.take(.keystoreFailed).count == 1)
      for _ in 1...3 {
        site.clock.advance(by: .days(1))
        try await daemon.settle()
      }
      #expect(site.recorder.take(.keystoreFailed).isEmpty)
      let store = daemon.store("client").currentLink
      try HostFiles().removeTree(at: blocked)
      try HostFiles().makeDirectories(at: store, mode: .ownerReadWriteExecute)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      let told = site.recorder.take(.keystoreFailed)
      #expect(told.count == 1 && told.first?.message.contains("\(store)") == true, "\(told.map(\.message))")
      try HostFiles().removeTree(at: store)
      site.clock.advance(by: .days(1))
      try await daemon.settle()
      #expect(site.recorder.takeNames().contains(.keystoreRecovered))
    }
  }

  @Test func `what is in force is known after any number of failures, and they leave nothing`() async throws {
    let (one, two) = try (Authority.one.get().issuing.path, Authority.two.get().issuing.path)
    try site.folder.write("trust.pem", one.pem)
    try await site.settle()
    let blocked = site.folder.file("outside.pse")
    try HostFiles().removeTree(at: blocked)
    try HostFiles().makeDirectory(at: blocked, mode: .ownerReadWriteExecute)
    try site.folder.write("outside.pse/somebody's", "x")
    try site.folder.write("trust.pem", (one + two).pem)
    try await site.run { daemon in
      for _ in 1...(LedgerStore.failedGenerationsPerKeystore + 5) {
        try await daemon.settle()
        site.clock.advance(by: .days(1))
      }
    }
    try await site.run { daemon in
      #expect(await daemon.context.landscape.inventory.keystores["client"]?.current?.number == 1)
      #expect(try daemon.store("client").list() == [1])
      let known = try await daemon.context.ledger.generations("client", limit: 1000)
      #expect(known.count == LedgerStore.failedGenerationsPerKeystore + 1)
      #expect(known.last?.number == 1 && known.last?.state == .current)
      try HostFiles().removeTree(at: blocked)
      try await daemon.settle()
      #expect(try await daemon.currentNumber("client") == LedgerStore.failedGenerationsPerKeystore + 7)
      #expect(try Set(daemon.read("client", "client.pse").trust) == Set(one + two))
    }
  }
}
