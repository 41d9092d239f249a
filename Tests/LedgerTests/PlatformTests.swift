// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Testing

@testable import Ledger

@Suite struct PlatformTests {
  let folder = try? LedgerFolder()

  private func key(_ guid: String, _ state: PlatformKeyRecord.State) -> PlatformKeyRecord {
    PlatformKeyRecord(guid: guid, name: "cpi-\(guid)", instance: "i", owner: .ours, state: state)
  }

  @Test func aRotationIsRecordedStepByStepAndEnds() async throws {
    let folder = try #require(folder)
    do {
      let store = try folder.store()
      try await store.recordRotation(of: "cpi", phase: "reserved", state: "{\"version\":1}", at: later(0))
      try await store.recordRotation(
        of: "cpi", phase: "created", state: "{\"version\":1,\"x\":2}", keys: [key("new", .inFlight)], at: later(5))
      try store.close()
    }
    let store = try folder.store()
    let rotation = try #require(try await store.rotations().first)
    #expect(rotation.serviceKey == "cpi" && rotation.phase == "created" && rotation.state.contains("\"x\""))
    #expect(rotation.begunAt == later(0) && rotation.changedAt == later(5))
    #expect(try await store.platformKeys(of: "cpi") == [key("new", .inFlight)])

    try await store.recordRotation(
      of: "cpi", phase: "done", state: nil, keys: [key("new", .inForce), key("old", .deleted)], at: later(9))
    #expect(try await store.rotations().isEmpty)
    #expect(try await store.platformKeys(of: "cpi").map(\.state) == [.deleted, .inForce])
  }

  @Test func aKeyTakesTheOnlyPlaceOfAnotherInOneStep() async throws {
    let store = try #require(folder).store()
    try await store.keepPlatformKeys([key("old", .inForce), key("new", .inFlight)], of: "cpi", at: later(0))
    var retiring = key("old", .retiring)
    retiring.overlapEnds = later(100)
    retiring.notBefore = later(-5)
    retiring.notAfter = later(500)
    retiring.serial = "01"
    try await store.keepPlatformKeys([key("new", .inForce), retiring], of: "cpi", at: later(1))
    #expect(try await store.platformKeys(of: "cpi") == [key("new", .inForce), retiring])
    await #expect(throws: LedgerError.self) {
      try await store.keepPlatformKeys([key("third", .inForce)], of: "cpi", at: later(2))
    }
    #expect(try await store.platformKeys(of: "cpi").count == 2)
  }

  @Test func credentialsAreSealedAndForgottenOnceTheKeyIsInForce() async throws {
    let folder = try #require(folder)
    let credentials = SecretBytes(copying: "{\"credentials\":{\"key\":\"unmistakable\"}}".utf8)
    let store = try folder.store()
    try await store.recordRotation(of: "cpi", phase: "reading", state: "{}", at: later(0))
    try await store.keepCredentials(
      credentials, of: key("new", .inFlight), serviceKey: "cpi", phase: "held", state: "{\"held\":1}", at: later(1))
    #expect(try await store.rotations().map(\.phase) == ["held"])
    #expect(try await store.credentials(of: "new", serviceKey: "cpi") == credentials)
    #expect(try await store.credentials(of: "new", serviceKey: "other") == nil)
    try await store.keepPlatformKeys([key("new", .inForce)], of: "cpi", at: later(2))
    #expect(try await store.credentials(of: "new", serviceKey: "cpi") == nil)
    try store.close()
    #expect(!String(decoding: try folder.bytes(folder.ledger), as: UTF8.self).contains("unmistakable"))
  }

  @Test func loginsAreSealedAndComeBack() async throws {
    let folder = try #require(folder)
    let name = StoredLogin.Name(endpoint: "https://uaa.example/oauth/token", principal: "user robot")
    let (right, wrong) = (Self.proof("unmistakable-p"), Self.proof("unmistakable-q"))
    let login = StoredLogin(refreshToken: SecretBytes(copying: "unmistakable-r".utf8))
    let refused = StoredLogin(refusal: .init(at: later(3), words: "Bad credentials"))
    do {
      let store = try folder.store()
      #expect(try await store.login(name, proof: right) == nil)
      try await store.keepLogin(login, of: name, proof: right, at: later(4))
      try await store.keepLogin(refused, of: name, proof: wrong, at: later(4))
      try store.close()
    }
    #expect(!String(decoding: try folder.bytes(folder.ledger), as: UTF8.self).contains("unmistakable"))
    let store = try folder.store()
    #expect(try await store.login(name, proof: right) == login)
    #expect(try await store.login(name, proof: wrong) == refused)
    let other = StoredLogin.Name(endpoint: name.endpoint, principal: "user other")
    #expect(try await store.login(other, proof: right) == nil)
    try await store.keepLogin(StoredLogin(), of: name, proof: right, at: later(5))
    #expect(try await store.login(name, proof: right) == StoredLogin())
  }

  private static func proof(_ text: String) -> SecretBytes { SecretBytes(copying: text.utf8) }

  @Test func ofALoginTheProofsThatWereUsedLastAreRemembered() async throws {
    let store = try #require(folder).store()
    let name = StoredLogin.Name(endpoint: "https://uaa.example/oauth/token", principal: "user robot")
    let refused = StoredLogin(refusal: .init(at: later(3), words: "Bad credentials"))
    for number in 0..<LedgerStore.proofsKept {
      try await store.keepLogin(refused, of: name, proof: Self.proof("\(number)"), at: later(4))
    }
    try await store.keepLogin(refused, of: name, proof: Self.proof("0"), at: later(5))
    try await store.keepLogin(refused, of: name, proof: Self.proof("new"), at: later(6))
    #expect(try await store.login(name, proof: Self.proof("0")) == refused)
    #expect(try await store.login(name, proof: Self.proof("1")) == nil)
    #expect(try await store.login(name, proof: Self.proof("2")) == refused)
  }

  @Test func theCertificateOfALoginIsKeptUntilAnotherTakesItsPlace() async throws {
    let folder = try #require(folder)
    let (old, new) = (try TestCertificate.chain("old.example"), try TestCertificate.chain("new.example"))
    do {
      let store = try folder.store()
      #expect(try await store.loginCertificates(of: "cpi").isEmpty)
      try await store.recordLoginCertificates(old, of: "cpi", at: later(0))
      _ = try await store.housekeep(at: later(1))
      try store.close()
    }
    let store = try folder.store()
    #expect(try await store.loginCertificates(of: "cpi") == old)
    #expect(try await store.loginCertificates(of: "other").isEmpty)
    try await store.recordLoginCertificates(new, of: "cpi", at: later(2))
    #expect(try await store.loginCertificates(of: "cpi") == new)
    #expect(try await store.housekeep(at: later(3)).certificates > 0, "nothing refers to the old one any more")
    try await store.recordLoginCertificates([], of: "cpi", at: later(4))
    #expect(try await store.loginCertificates(of: "cpi").isEmpty)
  }

  @Test func endedKeysAreForgottenInTheEnd() async throws {
    let store = try #require(folder).store()
    try await store.keepPlatformKeys(
      (0..<150).map { key("k\($0)", .deleted) } + [key("force", .inForce)], of: "cpi", at: later(0))
    let kept = try await store.platformKeys(of: "cpi")
    #expect(kept.count == 101 && kept.contains { $0.guid == "force" })
  }
}
