// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import OpenSSLBridge
import SystemPackage
import Testing

@testable import Ledger

@Suite struct SealingKeyTests {
  let folder = try? LedgerFolder()

  func secret(_ seed: UInt8) -> [UInt8] { [UInt8](repeating: seed, count: 32) }

  func identity() throws -> NewIdentity {
    let chain = try TestCertificate.chain("client")
    return NewIdentity(
      owner: .serviceKey("cpi"), leaf: chain[0], issuers: [], privateKey: SecretBytes(copying: secret(3)))
  }

  @Test func aKeyFileIsMadeOnceForItsOwner() throws {
    let folder = try #require(folder)
    _ = try SealingKeyFile.loadOrCreate(at: folder.keyFile)
    let made = try folder.bytes(folder.keyFile)
    #expect(made.count == 32)
    #expect(try HostFiles().status(of: folder.keyFile).mode == .ownerReadWrite)
    _ = try SealingKeyFile.loadOrCreate(at: folder.keyFile)
    #expect(try folder.bytes(folder.keyFile) == made)
    let other = folder.path.appending("other.key")
    _ = try SealingKeyFile.loadOrCreate(at: other)
    #expect(try folder.bytes(other) != made)
  }

  @Test func aKeyMayBeHexadecimalDigits() async throws {
    let folder = try #require(folder)
    let credential = folder.path.appending("credential")
    try folder.write(secret(0xab), to: credential)
    try await folder.open(sealing: .credential(credential)).store.acceptIdentity(identity(), at: later(0))
    try folder.write(Array((String(repeating: "aB", count: 32) + "\n").utf8), to: credential)
    let store = try folder.open(sealing: .credential(credential)).store
    #expect(try await store.currentIdentity(.serviceKey("cpi"))?.privateKey == identity().privateKey)
  }

  @Test(arguments: [[], [1, 2, 3], [UInt8](repeating: 0x67, count: 64), [UInt8](repeating: 0, count: 33)])
  func aKeyOfAnotherShapeIsRefusedAndStays(_ bytes: [UInt8]) throws {
    let folder = try #require(folder)
    try folder.write(bytes, to: folder.keyFile)
    let failure = #expect(throws: LedgerError.self) { try folder.open() }
    #expect(failure?.description.contains("\(folder.keyFile)") == true)
    #expect(failure?.description.contains("\(bytes.count) bytes") == true)
    #expect(try folder.bytes(folder.keyFile) == bytes)
  }

  @Test func aKeyFileThatOthersMayReadIsRefused() throws {
    let folder = try #require(folder)
    try HostFiles().createFile(
      at: folder.keyFile, mode: FilePermissions(rawValue: 0o640), contents: SecretBytes(copying: secret(1)))
    let failure = #expect(throws: LedgerError.self) { try folder.open() }
    #expect(failure?.description.contains("0640") == true)
  }

  @Test func anotherKeyIsRefusedAndChangesNothing() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await store.acceptIdentity(identity(), at: later(0))
    try store.close()
    let before = try folder.bytes(folder.ledger)
    let credential = folder.path.appending("credential")
    try folder.write(secret(1), to: credential)
    let expected = LedgerError.sealingKeyWrong(ledger: folder.ledger, origin: "the systemd credential \(credential)")
    #expect(throws: expected) { try folder.open(sealing: .credential(credential)) }
    #expect(throws: expected) { try folder.open(.readOnly, sealing: .credential(credential)) }
    #expect(try folder.bytes(folder.ledger) == before)
    #expect(expected.description.contains("\(credential)"))
  }

  @Test func aLostKeyFileIsNotMadeAnew() async throws {
    let folder = try #require(folder)
    let store = try folder.store()
    try await store.acceptIdentity(identity(), at: later(0))
    try store.close()
    try HostFiles().removeTree(at: folder.keyFile)
    let expected = LedgerError.sealingKeyMissing(ledger: folder.ledger, origin: "the key file \(folder.keyFile)")
    #expect(throws: expected) { try folder.open() }
    #expect(try !folder.names().contains("ledger.key"))
    _ = try SealingKeyFile.loadOrCreate(at: folder.keyFile)
    #expect(throws: LedgerError.sealingKeyWrong(ledger: folder.ledger, origin: "the key file \(folder.keyFile)")) {
      try folder.open()
    }
  }

  @Test func aMissingCredentialIsNamed() throws {
    let folder = try #require(folder)
    let credential = folder.path.appending("ledger-key")
    let expected = LedgerError.sealingKeyMissing(
      ledger: folder.ledger, origin: "the systemd credential \(credential)")
    #expect(throws: expected) { try folder.open(sealing: .credential(credential)) }
  }

  @Test func aLedgerBegunWithoutAKeyTakesOneLater() async throws {
    let folder = try #require(folder)
    try folder.open(sealing: SealingKeySource.none).store.close()
    let store = try folder.store()
    try await store.acceptIdentity(identity(), at: later(0))
    #expect(try await store.currentIdentity(.serviceKey("cpi")) != nil)
  }

  @Test func theKeyOutlivesADamagedLedger() async throws {
    let folder = try #require(folder)
    try folder.store().close()
    let key = try folder.bytes(folder.keyFile)
    try folder.write([UInt8](repeating: 1, count: 9_000), to: folder.ledger)
    let store = try folder.store()
    try await store.acceptIdentity(identity(), at: later(0))
    #expect(try folder.bytes(folder.keyFile) == key)
  }
}
