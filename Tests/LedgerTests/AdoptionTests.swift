// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Testing

@testable import Ledger

/// What a keystore started from is remembered once, with its key, and outlives what follows.
@Suite struct AdoptionTests {
  private func identity(_ serial: UInt64) throws -> NewIdentity {
    NewIdentity(
      owner: .keystore("k"), leaf: try TestCertificate.make("CN=own", serial: serial), issuers: [],
      privateKey: SecretBytes(copying: Array("key \(serial)".utf8)), recipe: "recipe \(serial)")
  }

  private let form = AdoptedFile(version: 4, hasPIN: true, owner: 4_294_967_294, group: 5, mode: 0o640)

  @Test func itOutlivesItsSuccessorsRestartsAndHousekeeping() async throws {
    let folder = try LedgerFolder()
    let trust = try TestCertificate.chain("trusted")
    do {
      let store = try folder.store()
      #expect(try await store.adoption(of: "k") == nil)
      try await store.adopt(
        NewAdoption(
          keystore: "k", path: "/x/old.pse", identity: identity(1), trust: trust, form: form, original: "/s/old.pse",
          otherNames: ["/y/old.pse"], keptNames: ["Odd (1.2.3)"], kept: SecretBytes(copying: [1, 2, 3])), at: later(0))
      #expect(try await store.currentIdentity(.keystore("k"))?.privateKey == identity(1).privateKey)
      try await store.acceptIdentity(identity(2), at: later(1))
      _ = try await store.housekeep(at: later(2))
      try store.close()
    }
    let store = try folder.store()
    let adoption = try #require(try await store.adoption(of: "k"))
    #expect(
      try adoption
        == Adoption(
          path: "/x/old.pse", leaf: identity(1).leaf, trust: trust, adoptedAt: later(0), form: form,
          original: "/s/old.pse", otherNames: ["/y/old.pse"], keptNames: ["Odd (1.2.3)"]))
    #expect(try await store.keptObjects(of: "k") == SecretBytes(copying: [1, 2, 3]))
    #expect(try await store.currentIdentity(.keystore("k"))?.entry.leaf == identity(2).leaf)
  }

  @Test func anotherTakesItsPlace() async throws {
    let folder = try LedgerFolder()
    let store = try folder.store()
    try await store.adopt(
      NewAdoption(
        keystore: "k", path: "/x/old.pse", identity: identity(1), trust: [], form: form,
        kept: SecretBytes(copying: [1])), at: later(0))
    let trust = try TestCertificate.chain("trusted")
    try await store.adopt(
      NewAdoption(keystore: "k", path: "/x/trust.pse", identity: nil, trust: trust), at: later(1))
    #expect(try await store.keptObjects(of: "k") == nil)
    #expect(
      try await store.adoption(of: "k")
        == Adoption(path: "/x/trust.pse", leaf: nil, trust: trust, adoptedAt: later(1)))
    extendLifetime(folder)
  }
}
