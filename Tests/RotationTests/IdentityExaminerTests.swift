// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Keystores
import OpenSSLBridge
import Rotation
import TestSupport
import Testing

struct IdentityExaminerTests {
  private let authority: Authority

  init() throws { authority = try Authority.one.get() }

  private func examine(
    _ identity: TestIdentity, _ certificates: [Certificate]? = nil, known: [Certificate] = [],
    predecessor: IdentityExaminer.Predecessor? = nil, use: IdentityExaminer.Use = .clientAuthentication
  ) -> Result<Identity, IdentityFault> {
    Result { () throws(IdentityFault) in
      try IdentityExaminer.examine(
        certificates: certificates ?? identity.path, key: identity.key, completing: known, predecessor: predecessor,
        use: use, now: aTime)
    }
  }

  private func fault(_ result: Result<Identity, IdentityFault>) -> IdentityFault? {
    if case .failure(let fault) = result { fault } else { nil }
  }

  @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1]])
  func `certificates may come in any order`(order: [Int]) throws {
    let leaf = try authority.leaf()
    let found = try examine(leaf, order.map { leaf.path[$0] }).get()
    #expect(found.certificate == leaf.certificate)
    #expect(found.issuers == leaf.issuers)
  }

  @Test func `strangers among the certificates are left out`() throws {
    let leaf = try authority.leaf()
    let found = try examine(leaf, try Authority.two.get().leaf().path + leaf.path.reversed()).get()
    #expect(found.chain == leaf.path)
  }

  @Test func `missing issuers come from what is known`() throws {
    let leaf = try authority.leaf()
    let known = try Authority.two.get().issuing.path + leaf.issuers
    #expect(try examine(leaf, [leaf.certificate], known: known).get().issuers == leaf.issuers)
    #expect(try examine(leaf, leaf.chain, known: leaf.issuers).get().issuers == leaf.issuers)
  }

  @Test func `what misses is named`() throws {
    let leaf = try authority.leaf()
    #expect(fault(examine(leaf, [])) == .noCertificate)
    #expect(
      fault(examine(leaf, [leaf.certificate])) == .incomplete(missing: authority.issuing.certificate.subject))
    #expect(fault(examine(leaf, leaf.chain)) == .incomplete(missing: authority.root.certificate.subject))
    // Nobody says that a keystore uses the service key at all.
    let advice = "\(IdentityFault.incomplete(missing: authority.root.certificate.subject))"
    #expect(advice.contains("'trust' of any keystore") && advice.contains("'anchors' of an endpoint"), "\(advice)")
  }

  @Test func `a key that fits none is refused with the name of the likely leaf`() throws {
    let other = try authority.leaf("other")
    let stranger = try authority.leaf()
    let result = examine(TestIdentity(certificate: stranger.certificate, key: other.key, issuers: stranger.issuers))
    #expect(fault(result) == .keyFitsNone(stranger.certificate.subject))
  }

  @Test func `time is checked to the second`() throws {
    let ended = try authority.leaf(days: 0)
    #expect(fault(examine(ended)) == .expired(aTime))
    let future = try authority.leaf { $0.notBefore = aTime + 1 }
    #expect(fault(examine(future)) == .notYetValid(aTime + 1))
    #expect(throws: Never.self) { try examine(try authority.leaf { $0.notBefore = aTime }).get() }
    #expect(throws: Never.self) { try examine(try authority.leaf { $0.notAfter = aTime + 1 }).get() }
  }

  @Test func `client authentication must be allowed where it is needed`() throws {
    let server = try authority.leaf { $0.purposes = [.server] }
    guard case .wrongPurpose(let subject, let allowed) = fault(examine(server)) else {
      Issue.record("a certificate for servers passed for a client's")
      return
    }
    #expect(subject == server.certificate.subject && allowed == ["1.3.6.1.5.5.7.3.1"])
    #expect(fault(examine(server))?.description.contains("(it allows serverAuth)") == true)
    #expect(throws: Never.self) { try examine(server, use: .any).get() }
    #expect(throws: Never.self) { try examine(try authority.leaf { $0.purposes = [] }).get() }
  }

  @Test(arguments: [true, false]) func `the one in force is recognised, forced or not`(forced: Bool) throws {
    let leaf = try authority.leaf()
    let result = examine(leaf, predecessor: .init(leaf: leaf.certificate, mayEndEarlier: forced))
    #expect(fault(result) == .same(leaf.certificate.fingerprint))
  }

  @Test(arguments: [(30.0, false), (90.0, false), (91.0, true)])
  func `a successor ends later unless it is forced`(days: Double, passes: Bool) throws {
    let old = try authority.leaf()
    let new = try authority.leaf(days: days)
    let result = examine(new, predecessor: .init(leaf: old.certificate, mayEndEarlier: false))
    if passes {
      #expect(throws: Never.self) { try result.get() }
    } else {
      #expect(fault(result) == .endsNoLater(new: aTime + days * day, old: aTime + 90 * day))
      #expect(fault(result)?.insistence("key import")?.contains("key import --force") == true)
    }
    let forced = examine(new, predecessor: .init(leaf: old.certificate, mayEndEarlier: true))
    #expect(throws: Never.self) { try forced.get() }
  }

  /// A leaf of an issuer with an end of its own.
  private static func leaf(days: Double, issuerDays: Double) throws -> TestIdentity {
    let issuing = try Authority.one.get().root.intermediate("CN=Until \(issuerDays), O=TS") { options in
      (options.notBefore, options.notAfter) = (aTime - 500 * day, aTime + issuerDays * day)
    }
    return try issuing.leaf(dns: "localhost") { options in
      (options.notBefore, options.notAfter) = (aTime - day, aTime + days * day)
    }
  }

  /// Ends of the old leaf and its issuer, of the new one and its issuer.
  @Test(arguments: [
    ([90.0, 20.0], [80.0, 2000.0], true),  // It ends earlier, and works longer.
    ([90, 20], [120, 20], true),  // The same issuer, and the certificate ends later: no worse.
    ([90, 20], [120, 10], false), ([90, 20], [80, 20], false), ([90, 2000], [120, 60], false),
  ])
  func `a successor works longer, to the end of its issuers`(old: [Double], new: [Double], passes: Bool) throws {
    let (before, after) = (
      try Self.leaf(days: old[0], issuerDays: old[1]), try Self.leaf(days: new[0], issuerDays: new[1])
    )
    let result = examine(
      after, predecessor: .init(leaf: before.certificate, issuers: before.issuers, mayEndEarlier: false))
    guard !passes else {
      #expect(throws: Never.self) { try result.get() }
      return
    }
    #expect(
      fault(result)
        == .issuerEndsNoLater(
          new: aTime + new[1] * day, issuer: after.issuers[0].subject, old: aTime + min(old[0], old[1]) * day))
    let forced = examine(
      after, predecessor: .init(leaf: before.certificate, issuers: before.issuers, mayEndEarlier: true))
    #expect(throws: Never.self) { try forced.get() }
  }

  @Test func `a broken signature is refused`() throws {
    let leaf = try authority.leaf { $0.signatureIsWrong = true }
    guard case .rejected(let complaints) = fault(examine(leaf)) else {
      Issue.record("a broken signature passed")
      return
    }
    #expect(complaints.count == 1 && complaints[0].contains("CN=localhost"))
  }

  @Test func `an issuer that has ended is refused`() throws {
    let ended = try authority.root.intermediate("CN=Ended, O=TS") { options in
      (options.notBefore, options.notAfter) = (aTime - 10 * day, aTime - day)
    }
    let leaf = try ended.leaf { ($0.notBefore, $0.notAfter) = (aTime - day, aTime + day) }
    guard case .rejected(let complaints) = fault(examine(leaf)) else {
      Issue.record("an issuer that has ended passed")
      return
    }
    #expect(complaints.contains { $0.contains("CN=Ended") && $0.contains("expired") })
  }

  @Test func `a self-signed identity stands alone`() throws {
    let own = try TestCA.selfSigned("CN=own") { ($0.notBefore, $0.notAfter) = (aTime - day, aTime + day) }
    #expect(try examine(own, use: .any).get().issuers.isEmpty)
  }

  @Test func `every fault is one sentence`() throws {
    let subject = try DistinguishedName(parsing: "CN=x")
    let faults: [IdentityFault] = [
      .noCertificate, .keyFitsNone(subject), .keyFitsNone(nil), .expired(aTime), .notYetValid(aTime),
      .wrongPurpose(subject, allowed: ["1.2"]), .same(try authority.leaf().certificate.fingerprint),
      .incomplete(missing: subject), .rejected(["a", "b"]), .notJudged("x"),
    ]
    for fault in faults {
      #expect(!fault.description.contains("\n") && !fault.description.hasSuffix("."))
    }
    #expect(faults.filter { $0.culprit == .host } == [.notYetValid(aTime), .notJudged("x")])
  }
}
