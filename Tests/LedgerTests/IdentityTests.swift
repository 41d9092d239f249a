// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB
import Host
import OpenSSLBridge
import SystemPackage
import Testing

@testable import Ledger

@Suite struct IdentityTests {
  let folder = try? LedgerFolder()
  let owner = IdentityOwner.serviceKey("cpi")

  func identity(_ serial: UInt64, of owner: IdentityOwner? = nil) throws -> NewIdentity {
    let chain = try TestCertificate.chain("client", serial: serial)
    return NewIdentity(
      owner: owner ?? self.owner, leaf: chain[0], issuers: Array(chain[1...]),
      privateKey: SecretBytes(copying: Array("private key \(serial)".utf8)), clientID: "sb-1",
      tokenURL: "https://x.authentication.cert.example/oauth/token", sourceDigest: [UInt8](repeating: 7, count: 32),
      recipe: "settings")
  }

  @Test func anIdentityComesBackWithItsKey() async throws {
    let folder = try #require(folder)
    let new = try identity(1)
    do {
      let store = try folder.store()
      #expect(try await store.currentIdentity(owner) == nil)
      try await store.acceptIdentity(new, at: later(0))
      try store.close()
    }
    let stored = try #require(try await folder.store().currentIdentity(owner))
    #expect(stored.privateKey == new.privateKey)
    #expect(
      stored.entry
        == IdentityEntry(
          id: 1, leaf: new.leaf, issuers: new.issuers, clientID: new.clientID, tokenURL: new.tokenURL,
          sourceDigest: new.sourceDigest, recipe: "settings", acceptedAt: later(0), supersededAt: nil, holdsKey: true))
  }

  @Test func noByteOfAPrivateKeyLiesOpenInAnyFile() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await store.acceptIdentity(identity(1), at: later(0))
    for name in try folder.names() where name.hasPrefix("ledger.sqlite3") {
      let text = String(decoding: try folder.bytes(folder.path.appending(name)), as: UTF8.self)
      #expect(!text.contains("private key"), "\(name)")
    }
  }

  @Test func aNewIdentitySupersedesTheOldOne() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let first = try await store.acceptIdentity(identity(1), at: later(0))
    let second = try await store.acceptIdentity(identity(2), at: later(1))
    let entries = try await store.identities(owner)
    #expect(entries.map(\.id) == [second, first])
    #expect(entries.map(\.supersededAt) == [nil, later(1)])
    #expect(try await store.identity(first, of: owner)?.privateKey == identity(1).privateKey)
    #expect(try await store.identity(first, of: .keystore("cpi")) == nil)
  }

  @Test func acceptingTheSameLeafAgainKeepsItsNumber() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    let first = try await store.acceptIdentity(identity(1), at: later(0))
    var again = try identity(1)
    again.clientID = "sb-2"
    #expect(try await store.acceptIdentity(again, at: later(1)) == first)
    let entries = try await store.identities(owner)
    #expect(entries.map(\.clientID) == ["sb-2"])
    #expect(entries.map(\.acceptedAt) == [later(0)])
  }

  @Test func onlySomeSupersededKeysAreKept() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    for serial in 1...120 { try await store.acceptIdentity(identity(UInt64(serial)), at: later(Double(serial))) }
    let entries = try await store.identities(owner)
    #expect(entries.count == 1 + LedgerStore.supersededIdentitiesKept)
    #expect(entries.filter(\.holdsKey).map(\.id) == [120, 119, 118, 117, 116, 115])
    #expect(try await store.identity(114, of: owner) == nil)
    #expect(try await store.currentIdentity(owner)?.entry.id == 120)
  }

  @Test func ownersDoNotShareIdentities() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    for owner in [IdentityOwner.serviceKey("x"), .keystore("x"), .pem("x")] {
      try await store.acceptIdentity(identity(3, of: owner), at: later(0))
    }
    #expect(try await store.identities(.keystore("x")).count == 1)
    #expect(try await store.currentIdentity(.pem("x"))?.entry.supersededAt == nil)
  }

  @Test func aSealedKeyOpensOnlyAsWhatItWasSealedFor() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await store.acceptIdentity(identity(1, of: .keystore("mine")), at: later(0))
    try await store.acceptIdentity(identity(2, of: .keystore("yours")), at: later(0))
    try await folder.stranger().write { database in
      try database.execute(
        sql: "UPDATE identity SET sealed_key = (SELECT sealed_key FROM identity WHERE id = 1) WHERE id = 2")
    }
    await #expect(throws: LedgerError.self) { try await store.currentIdentity(.keystore("yours")) }
    #expect(try await store.currentIdentity(.keystore("mine")) != nil)
    do {
      _ = try await store.currentIdentity(.keystore("yours"))
    } catch {
      guard case .sealedValueDamaged(_, let subject, _) = error else { throw error }
      #expect(subject == LedgerSubject(.keystore, "yours"))
    }
  }

  @Test func withoutASealingKeyNothingIsSealedOrOpened() async throws {
    let folder = try #require(folder)
    try await folder.store().acceptIdentity(identity(1), at: later(0))
    let store = try folder.open(sealing: SealingKeySource.none).store
    #expect(try await store.identities(owner).count == 1)
    await #expect(throws: LedgerError.self) { try await store.currentIdentity(owner) }
    await #expect(throws: LedgerError.self) { try await store.acceptIdentity(identity(2), at: later(1)) }
    #expect(try await store.identities(owner).count == 1)
  }
}
