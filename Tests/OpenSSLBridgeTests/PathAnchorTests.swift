// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import OpenSSLBridge
import SystemPackage
import TestSupport
import Testing

@Suite struct PathAnchorTests {
  let root: TestIdentity
  let issuing: TestIdentity
  let server: TestIdentity
  let now = Date.now

  init() throws {
    root = try TestCA.root()
    issuing = try root.intermediate()
    server = try issuing.leaf(dns: "host.example")
  }

  private func build(
    _ chain: [Certificate], _ anchors: TrustAnchors, alsoKnown: [Certificate] = []
  ) -> PathVerdict {
    PathBuilder.build(chain: chain, anchors: anchors, alsoKnown: alsoKnown, name: .dns("host.example"), now: now)
  }

  @Test func intermediateAsTheOnlyAnchorEndsThePath() throws {
    let anchors = try TrustAnchors.bundle([issuing.certificate])
    let wanted = [server.certificate, issuing.certificate]
    #expect(build([server.certificate], anchors).path?.certificates == wanted)
    #expect(build(server.chain + [root.certificate], anchors).path?.certificates == wanted)
    let late = issuing.certificate.validity.notAfter + 1
    let verdict = PathBuilder.build(chain: server.chain, anchors: anchors, now: late)
    #expect(verdict.complaints.map(\.reason) == [.expired, .expired])
  }

  @Test func issuedLeafAsTheOnlyAnchor() throws {
    let anchors = try TrustAnchors.bundle([server.certificate])
    #expect(build([server.certificate], anchors).path?.certificates == [server.certificate])
    #expect(build(server.chain, anchors).path?.certificates == [server.certificate])
  }

  /// A self-signed server whose certificate is being replaced: both are anchors under one name.
  @Test func twoSelfSignedNamesakes() throws {
    let pair = try (0..<2).map { _ in
      try TestCA.selfSigned("CN=host.example") {
        $0.dnsNames = ["host.example"]
        $0.hasKeyIdentifiers = false
      }
    }.map(\.certificate)
    let anchors = try TrustAnchors.bundle(pair)
    for certificate in pair { #expect(build([certificate], anchors).path?.certificates == [certificate]) }
  }

  /// What is sent above an anchored leaf is nobody's concern.
  @Test func expiredIssuerOfAnAnchoredLeafDoesNotHarm() throws {
    let old = try root.intermediate { $0.notAfter = now - 60 }
    let leaf = try old.leaf(dns: "host.example")
    let anchors = try TrustAnchors.bundle([leaf.certificate])
    #expect(build(leaf.chain, anchors).path?.certificates == [leaf.certificate])
  }

  @Test func pinOfEachMemberOfThePath() throws {
    let chain = server.chain + [root.certificate]
    for (index, certificate) in chain.enumerated() {
      let anchors = try TrustAnchors.pins([certificate.fingerprint])
      #expect(build(chain, anchors).path?.certificates == Array(chain[...index]))
    }
    let rootAndLeaf = try TrustAnchors.pins([server.certificate.fingerprint, root.certificate.fingerprint])
    #expect(build(chain, rootAndLeaf).path?.certificates == chain)
    #expect(build([server.certificate], rootAndLeaf).path?.certificates == [server.certificate])
  }

  @Test func wrongPinIsToldAndTheRestStillJudged() throws {
    let other = try TrustAnchors.pins([TestCA.root("CN=Other").certificate.fingerprint])
    #expect(build(server.chain + [root.certificate], other).complaints.map(\.reason) == [.pinMismatch])
    // The pinned root may be the one that is missing, so that it is worth looking for.
    #expect(build(server.chain, other).complaints.map(\.reason) == [.pinMismatch, .unknownIssuer])

    let pinnedRoot = try TrustAnchors.pins([root.certificate.fingerprint])
    #expect(build(server.chain, pinnedRoot).path == nil)
    #expect(build(server.chain, pinnedRoot, alsoKnown: [root.certificate]).path?.root == root.certificate)
    let late = PathBuilder.build(
      chain: server.chain + [root.certificate], anchors: pinnedRoot, name: .dns("wrong.example"),
      now: server.certificate.validity.notAfter + 1)
    #expect(Set(late.complaints.map(\.reason)) == [.expired, .nameMismatch(.dns("wrong.example"))])
  }

  /// A pinned certificate that is merely sent along proves nothing about the leaf.
  @Test func pinnedBystanderDoesNotCount() throws {
    let stranger = try TestCA.root("CN=Stranger")
    let leaf = try stranger.leaf(dns: "host.example")
    let anchors = try TrustAnchors.pins([root.certificate.fingerprint])
    let verdict = build([leaf.certificate, root.certificate, issuing.certificate], anchors)
    #expect(verdict.complaints.map(\.reason) == [.pinMismatch, .unknownIssuer])
  }

  /// The root is cross-signed by an older one, as roots are while they are new: either anchor does.
  @Test func crossSignedRoot() throws {
    let old = try TestCA.root("CN=Old Root")
    let crossed = try old.intermediate("CN=Test Root, O=certrotd") { $0.key = root.key }
    let chain = [server.certificate, issuing.certificate, crossed.certificate]
    let toNew = build(chain, try TrustAnchors.bundle([root.certificate]))
    #expect(toNew.path?.certificates == [server.certificate, issuing.certificate, root.certificate])
    let toOld = build(chain, try TrustAnchors.bundle([old.certificate]))
    #expect(toOld.path?.certificates == chain + [old.certificate])
    let both = build(chain, try TrustAnchors.bundle([old.certificate, root.certificate]))
    #expect(both.path?.certificates == [server.certificate, issuing.certificate, root.certificate])
  }

  /// What happened in September 2021: the old root has ended, the new one verifies the same chain.
  @Test func expiredCrossSignerDoesNotHarm() throws {
    let old = try TestCA.root("CN=Old Root") { $0.notAfter = now - 60 }
    let crossed = try old.intermediate("CN=Test Root, O=certrotd") { $0.key = root.key }
    let chain = [server.certificate, issuing.certificate, crossed.certificate]
    let verdict = build(chain, try TrustAnchors.bundle([old.certificate, root.certificate]))
    #expect(verdict.path?.root == root.certificate)
  }

  @Test func systemStoreRejectsAnUnknownRoot() throws {
    let verdict = build(server.chain, try TrustAnchors.system())
    #expect(verdict.complaints.map(\.reason) == [.unknownIssuer])
  }

  @Test func systemStoreKnowsItsOwnRoots() throws {
    let text = try HostFiles().readFile("/etc/ssl/certs/ca-certificates.crt", limit: 8 << 20)
    let roots = try PEMReader.certificates(in: text).filter { $0.validity.contains(now) && $0.isSelfIssued }
    try #require(!roots.isEmpty)
    let anchors = try TrustAnchors.system()
    for root in roots {
      let verdict = PathBuilder.build(chain: [root], anchors: anchors, purpose: .any, now: now)
      // Whether every one of them is strong enough for this host is the distribution's business.
      let found = verdict.complaints.filter { if case .weak = $0.reason { false } else { true } }
      #expect(found.isEmpty && verdict.path?.certificates ?? [root] == [root], "\(verdict)")
    }
  }

  @Test func rememberedPathsAreJudgedAnewForTimeNameAndPurpose() throws {
    let anchors = try TrustAnchors.bundle([root.certificate])
    let clientOnly = try issuing.leaf(dns: "host.example") { $0.purposes = [.client] }
    for _ in 0..<3 {
      #expect(build(server.chain, anchors).path != nil)
      let late = PathBuilder.build(
        chain: server.chain, anchors: anchors, now: server.certificate.validity.notAfter + 1)
      #expect(late.complaints.map(\.reason) == [.expired])
      let wrongName = PathBuilder.build(chain: server.chain, anchors: anchors, name: .dns("b.example"), now: now)
      #expect(wrongName.complaints.map(\.reason) == [.nameMismatch(.dns("b.example"))])
      #expect(PathBuilder.build(chain: clientOnly.chain, anchors: anchors, purpose: .client, now: now).path != nil)
      #expect(PathBuilder.build(chain: clientOnly.chain, anchors: anchors, purpose: .server, now: now).path == nil)
      #expect(build(server.chain, try TrustAnchors.bundle([])).path == nil)
    }
  }

  /// Without key identifiers only the signature tells roots of one name apart.
  @Test(arguments: [0, 1, 2]) func theRootThatSignedIsFoundAmongItsNamesakes(signing: Int) throws {
    let roots = try (0..<3).map { _ in try TestCA.root("CN=Rolling Root") }
    let issuing = try roots[signing].intermediate { $0.hasKeyIdentifiers = false }
    let leaf = try issuing.leaf(dns: "host.example") { $0.hasKeyIdentifiers = false }
    let verdict = PathBuilder.build(
      chain: leaf.chain, anchors: try TrustAnchors.bundle(roots.map(\.certificate)),
      name: ServerName(host: "host.example"),
      now: .now)
    #expect(verdict.path?.root == roots[signing].certificate, "\(verdict)")
    let others = roots.enumerated().filter { $0.offset != signing }.map(\.element.certificate)
    #expect(
      PathBuilder.build(chain: leaf.chain, anchors: try TrustAnchors.bundle(others), now: .now).path == nil)
  }
}
