// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Keystores
import OpenSSLBridge
import TestSupport
import Testing

struct KeystoreJudgeTests {
  let landscape: Landscape
  let wanted: KeystoreContent

  init() throws {
    landscape = try Landscape.shared.get()
    wanted = KeystoreContent(
      identity: landscape.issuedIdentity, trust: [landscape.foreign.root, landscape.foreign.certificate])
  }

  private func judge(
    _ read: ReadKeystore, wanted: KeystoreContent? = nil, endpoints: [KeystoreJudge.EndpointChain] = [],
    now: Date = aTime
  ) -> [KeystoreFault] {
    KeystoreJudge.judge(read, wanted: wanted ?? self.wanted, endpointChains: endpoints, now: now)
  }

  private func good(
    key: PrivateKey? = nil, certificate: Certificate? = nil, issuers: [Certificate]? = nil, trust: [Certificate]? = nil
  ) -> ReadKeystore {
    ReadKeystore(
      parts: [.key, .certificate, .trust], key: key ?? landscape.key, certificate: certificate ?? landscape.leaf,
      issuers: issuers ?? [landscape.own.root, landscape.own.certificate], trust: trust ?? wanted.trust)
  }

  private func endpoint(_ host: String, _ chain: [Certificate]) -> KeystoreJudge.EndpointChain {
    .init(name: "cloud", chain: chain, serverName: ServerName(host: host))
  }

  @Test(arguments: [FileFormat.pse(), .pem(.certificate), .pem(.key(.pkcs1)), .caDirectory])
  func whatWasWrittenIsGood(format: FileFormat) throws {
    let read = try KeystoreReader.read(format, try KeystoreWriter.render(format, wanted, now: aTime))
    let chain = try landscape.serverChain("cloud.example")
    #expect(judge(read, endpoints: [endpoint("cloud.example", chain)]).isEmpty)
  }

  @Test func selfSignedIdentityIsGood() throws {
    let content = KeystoreContent(identity: landscape.selfSignedIdentity, trust: [landscape.foreign.root])
    let read = try KeystoreReader.read(.pse(), try KeystoreWriter.render(.pse(), content, now: aTime))
    #expect(judge(read, wanted: content).isEmpty)
  }

  @Test func keyThatDoesNotFit() {
    #expect(judge(good(key: landscape.otherKey)) == [.keyDoesNotFit(landscape.leaf)])
  }

  @Test func keyThatIsMissing() {
    let read = ReadKeystore(parts: [.key])
    #expect(judge(read) == [.keyMissing(of: landscape.leaf)])
  }

  @Test func anotherIdentity() {
    #expect(
      judge(good(certificate: landscape.selfSigned))
        == [.identityDiffers(found: landscape.selfSigned, wanted: landscape.leaf)])
    #expect(judge(ReadKeystore(parts: .certificate)) == [.identityMissing(wanted: landscape.leaf)])
    let trusting = KeystoreContent(identity: nil, trust: wanted.trust)
    #expect(judge(good(), wanted: trusting) == [.identityUnwanted(landscape.leaf)])
  }

  @Test func issuersThatDiffer() {
    #expect(judge(good(issuers: [landscape.own.certificate])) == [.issuerMissing(landscape.own.root)])
    #expect(
      judge(good(issuers: [landscape.own.root, landscape.own.certificate, landscape.foreign.root]))
        == [.issuerUnwanted(landscape.foreign.root)])
  }

  /// Names alone must not do: an issuer of the same name with another key has signed nothing.
  @Test func issuerOfTheSameNameOnly() throws {
    let ages: (inout TestCertificateOptions) -> Void = { options in
      options.hasKeyIdentifiers = false
      (options.notBefore, options.notAfter) = (aTime - day, aTime + day)
    }
    let impostor = try TestCA.root(landscape.own.root.subject.description, ages)
      .intermediate(landscape.own.certificate.subject.description, ages)
    let leaf = try landscape.own.issue("CN=anyone", ages)
    let identity = Identity(
      certificate: leaf.certificate, key: leaf.key, issuers: [impostor.certificate, impostor.root])
    #expect(identity.chain.count == 3)
    let read = ReadKeystore(parts: .certificate, certificate: identity.certificate, issuers: identity.issuers)
    let faults = judge(read, wanted: KeystoreContent(identity: identity, trust: []))
    guard case .chainBroken(leaf.certificate, _) = try #require(faults.first) else {
      Issue.record("\(faults)")
      return
    }
  }

  @Test func lapsedIdentity() {
    #expect(judge(good(), now: aTime + 2 * day) == [.expired(landscape.leaf)])
    #expect(judge(good(), now: aTime - 2 * day) == [.notYetValid(landscape.leaf)])
  }

  @Test func trustListThatDiffers() {
    #expect(
      judge(good(trust: [landscape.foreign.root])) == [.trustMissing(landscape.foreign.certificate)])
    #expect(
      judge(good(trust: wanted.trust + [landscape.own.root])) == [.trustUnwanted(landscape.own.root)])
  }

  @Test func endpointThatTheTrustListDoesNotCover() throws {
    let chain = try landscape.serverChain("cloud.example")
    let trust = KeystoreContent(identity: landscape.issuedIdentity, trust: [landscape.own.root])
    let faults = judge(
      good(trust: trust.trust), wanted: trust, endpoints: [endpoint("cloud.example", chain)])
    guard case .endpointUntrusted(let gap) = try #require(faults.first), faults.count == 1 else {
      Issue.record("\(faults)")
      return
    }
    #expect(gap.endpoint == "cloud")
    #expect(gap.reason.contains("CN=Foreign Root, O=TS, C=DE"))
  }

  @Test func endpointWithAnotherName() throws {
    let chain = try landscape.serverChain("other.example")
    #expect(judge(good(), endpoints: [endpoint("cloud.example", chain)]).count == 1)
    #expect(judge(good(), endpoints: [.init(name: "cloud", chain: chain, serverName: nil)]).isEmpty)
  }

  /// The server's own end and name are no fault of the list; a root that the list lacks is.
  @Test(arguments: [1, 400, 600] as [Double])
  func endpointThatVerifiedBefore(days: Double) throws {
    let chain = try landscape.serverChain("other.example")
    let now = aTime + days * day + 1
    let verified = KeystoreJudge.EndpointChain(
      name: "cloud", chain: chain, path: chain + [landscape.foreign.root], verifiedAt: aTime)
    let ending = [landscape.foreign.root, landscape.foreign.certificate]
    let list = KeystoreContent(identity: nil, trust: ending.filter { $0.validity.notAfter > now })
    let read = ReadKeystore(parts: .trust, trust: list.trust)
    #expect(judge(read, wanted: list, endpoints: [verified], now: now).isEmpty)
    // The path that is known for the endpoint must not vouch for itself.
    let other = KeystoreContent(identity: nil, trust: [landscape.own.root])
    let faults = judge(
      ReadKeystore(parts: .trust, trust: other.trust), wanted: other, endpoints: [verified], now: aTime + day + 1)
    #expect(faults.count == 1)
  }

  /// certrotd may have found the issuer elsewhere; a consumer has what the server sends, and the trust list.
  @Test func endpointThatLeavesItsIssuerOut() throws {
    let chain = try landscape.serverChain("cloud.example")
    let bare = KeystoreJudge.EndpointChain(
      name: "cloud", chain: [chain[0]], path: chain + [landscape.foreign.root], verifiedAt: aTime)
    let roots = [landscape.foreign.root]
    let gap = try #require(KeystoreJudge.gaps(in: roots, towards: [bare], now: aTime).first)
    #expect(gap.missing == landscape.foreign.certificate.subject && gap.place == .intermediate)
    #expect(KeystoreJudge.gaps(in: roots + [landscape.foreign.certificate], towards: [bare], now: aTime).isEmpty)
    let none = try #require(
      KeystoreJudge.gaps(
        in: [landscape.own.root],
        towards: [.init(name: "cloud", chain: chain, path: bare.path, verifiedAt: aTime)], now: aTime
      ).first)
    #expect(none.missing == landscape.foreign.root.subject && none.place == .root)
  }

  /// Nobody knows of an issuer in no path whether it is a root, which no server sends.
  @Test func endpointOfAnAuthorityThatNobodyKnows() throws {
    let chain = try landscape.serverChain("cloud.example")
    for path in [[], [landscape.own.root]] {
      let sent = KeystoreJudge.EndpointChain(name: "cloud", chain: chain, serverName: nil, path: path)
      let gap = try #require(KeystoreJudge.gaps(in: [landscape.own.root], towards: [sent], now: aTime).first)
      #expect(gap.missing == landscape.foreign.root.subject && gap.place == .unknown)
    }
  }

  @Test func lossesAreGapsThatWereNone() throws {
    let chain = try landscape.serverChain("cloud.example")
    let endpoints = [
      KeystoreJudge.EndpointChain(name: "bare", chain: [chain[0]], serverName: nil),
      KeystoreJudge.EndpointChain(name: "whole", chain: chain, serverName: nil),
    ]
    let (roots, all) = ([landscape.foreign.root], [landscape.foreign.root, landscape.foreign.certificate])
    func losses(from old: [Certificate], to new: [Certificate]) -> [String] {
      KeystoreJudge.losses(
        among: KeystoreJudge.gaps(in: new, towards: endpoints, now: aTime), replacing: old, towards: endpoints,
        now: aTime
      ).map(\.endpoint)
    }
    #expect(losses(from: all, to: roots) == ["bare"])
    #expect(losses(from: roots, to: roots).isEmpty)
    #expect(losses(from: [], to: [landscape.own.root]).isEmpty)
    #expect(losses(from: roots, to: [landscape.own.root]) == ["whole"])
  }

  @Test func filesOnDiskAreJudgedByThemselves() throws {
    func judge(_ found: [ReadKeystore], now: Date = aTime) -> [KeystoreFault] {
      KeystoreJudge.judge(onDisk: found, now: now).flatMap(\.self)
    }
    let certificate = ReadKeystore(
      parts: .certificate, certificate: landscape.leaf, issuers: [landscape.own.certificate, landscape.own.root])
    #expect(judge([certificate]).isEmpty)
    #expect(judge([certificate], now: aTime + 2 * day) == [.expired(landscape.leaf)])
    #expect(judge([certificate, ReadKeystore(parts: .key, key: landscape.key)]).isEmpty)
    #expect(judge([good()]).isEmpty)
    #expect(
      judge([certificate, ReadKeystore(parts: .key, key: landscape.otherKey)]) == [.keyDoesNotFit(landscape.leaf)])
    #expect(
      judge([ReadKeystore(parts: [.certificate, .key], certificate: landscape.selfSigned)])
        == [.keyMissing(of: landscape.selfSigned)])
  }

  @Test func endpointThatSendsNothing() {
    #expect(judge(good(), endpoints: [endpoint("cloud.example", [])]).count == 1)
  }

  @Test func everyFaultIsASentenceWithAName() {
    let (one, other) = (landscape.leaf, landscape.own.root)
    let faults: [KeystoreFault] = [
      .identityMissing(wanted: one), .identityUnwanted(one), .identityDiffers(found: one, wanted: other),
      .keyMissing(of: one), .keyDoesNotFit(one), .issuerMissing(one), .issuerUnwanted(one),
      .chainBroken(one, reason: "why"), .notYetValid(one), .expired(one), .trustMissing(one), .trustUnwanted(one),
    ]
    for fault in faults { #expect(fault.description.contains("CN=client.example, O=TS, C=DE")) }
    #expect(KeystoreFault.expired(one).description.contains("2026-03-01T23:59:58Z"))
  }
}
