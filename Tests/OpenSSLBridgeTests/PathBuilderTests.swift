// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import OpenSSLBridge
import TestSupport
import Testing

@Suite struct PathBuilderTests {
  let root: TestIdentity
  let issuing: TestIdentity
  let server: TestIdentity
  let anchors: TrustAnchors
  let now = Date.now
  let name = ServerName.dns("host.example")

  init() throws {
    root = try TestCA.root()
    issuing = try root.intermediate()
    server = try issuing.leaf(dns: "host.example")
    anchors = try TrustAnchors.bundle([root.certificate])
  }

  private func build(
    _ chain: [Certificate], _ anchors: TrustAnchors? = nil, alsoKnown: [Certificate] = [], name: ServerName? = nil,
    purpose: PathBuilder.Purpose = .server, now: Date? = nil
  ) -> PathVerdict {
    PathBuilder.build(
      chain: chain, anchors: anchors ?? self.anchors, alsoKnown: alsoKnown, name: name ?? self.name, purpose: purpose,
      now: now ?? self.now)
  }

  private func reasons(_ verdict: PathVerdict) -> [CertificateComplaint.Reason] { verdict.complaints.map(\.reason) }

  private var wholePath: [Certificate] { [server.certificate, issuing.certificate, root.certificate] }

  @Test func suppliesTheRootThatServersDoNotSend() {
    let verdict = build(server.chain)
    #expect(verdict.path?.certificates == wholePath)
    #expect(verdict.path?.root == root.certificate)
    #expect(verdict.description.hasPrefix("verified to CN=Test Root"))
  }

  @Test func orderRootAndExtrasDoNotMatter() throws {
    let stranger = try TestCA.root("CN=Stranger")
    let strange = try stranger.intermediate("CN=Strange CA")
    let (s, i, r) = (server.certificate, issuing.certificate, root.certificate)
    for chain in [
      [s, i, r], [s, r, i], [s, strange.certificate, i], [s, i, i, s],
      [s, stranger.certificate, r, strange.certificate, i],
    ] {
      #expect(build(chain).path?.certificates == wholePath, "\(chain.map(\.subject.description))")
    }
  }

  @Test func nothingSent() {
    #expect(reasons(build([])) == [.noCertificate])
  }

  @Test func missingIntermediateIsNamedWithItsLocations() throws {
    let leaf = try issuing.leaf(dns: "host.example") { $0.issuerLocations = ["http://ca.example/issuing.cer"] }
    let verdict = build([leaf.certificate])
    #expect(reasons(verdict) == [.unknownIssuer])
    #expect(verdict.complaints.first?.issuerLocations == ["http://ca.example/issuing.cer"])
    #expect(verdict.complaints.first?.certificate == leaf.certificate)
    #expect(verdict.description.contains("http://ca.example/issuing.cer"))

    let filled = build([leaf.certificate], alsoKnown: [server.certificate, root.certificate, issuing.certificate])
    #expect(filled.path?.certificates == [leaf.certificate, issuing.certificate, root.certificate])
  }

  @Test func whatIsAlsoKnownIsNotTrusted() throws {
    let other = try TrustAnchors.bundle([TestCA.root("CN=Other").certificate])
    let verdict = build([server.certificate], other, alsoKnown: [issuing.certificate, root.certificate])
    #expect(reasons(verdict) == [.selfSignedNotTrusted])
    #expect(verdict.complaints.first?.certificate == root.certificate)
    #expect(verdict.complaints.first?.depth == 2)
  }

  /// Strangers may have sent issuers of the right name to be remembered; they do not hide the real one.
  @Test func namesakesAmongTheKnownDoNotHideTheIssuer() throws {
    let leaf = try issuing.leaf(dns: "host.example") { $0.hasKeyIdentifiers = false }
    let impostors = try (0..<3).map { _ in
      try TestCA.root("CN=Impostor").intermediate { $0.hasKeyIdentifiers = false }.certificate
    }
    #expect(reasons(build([leaf.certificate], alsoKnown: impostors)) == [.unknownIssuer])
    let filled = build([leaf.certificate], alsoKnown: impostors + [issuing.certificate])
    #expect(filled.path?.certificates == [leaf.certificate, issuing.certificate, root.certificate])
  }

  @Test func extremeTimesDoNotTrap() {
    for seconds in [1e300, -1e300, .infinity, .nan] {
      #expect(build(server.chain, now: Date(timeIntervalSince1970: seconds)).path == nil)
    }
  }

  @Test func missingIntermediateIsFoundAmongTheAnchors() throws {
    let both = try TrustAnchors.bundle([issuing.certificate, root.certificate])
    #expect(build([server.certificate], both).path?.certificates == wholePath)
  }

  @Test func timesAreJudgedAtTheGivenTime() throws {
    // OpenSSL, as every consumer that uses it, counts the last second as past.
    let late = server.certificate.validity.notAfter
    let expired = build(server.chain, now: late)
    #expect(reasons(expired) == [.expired])
    #expect(expired.complaints.first?.depth == 0)
    #expect(expired.description.contains("expired on"))
    #expect(build(server.chain, now: server.certificate.validity.notAfter - 1).path != nil)
    #expect(build(server.chain, now: server.certificate.validity.notBefore).path != nil)
    // Each may be a second younger than its issuer.
    let early = build(server.chain, now: root.certificate.validity.notBefore - 1)
    #expect(reasons(early) == [.notYetValid, .notYetValid, .notYetValid])
    #expect(early.complaints.map(\.depth) == [0, 1, 2])
  }

  @Test func expiredIntermediateIsTheOneNamed() throws {
    let old = try root.intermediate { $0.notAfter = now - 60 }
    let leaf = try old.leaf(dns: "host.example")
    let verdict = build(leaf.chain)
    #expect(reasons(verdict) == [.expired])
    #expect(verdict.complaints.first?.certificate == old.certificate)
    #expect(verdict.complaints.first?.depth == 1)

    let renewed = try root.intermediate { $0.key = old.key }
    #expect(build(leaf.chain, alsoKnown: [renewed.certificate]).path?.issuers.first == renewed.certificate)
  }

  @Test func unknownRootSentAndNotSent() throws {
    let stranger = try TestCA.root("CN=Stranger")
    let leaf = try stranger.leaf(dns: "host.example")
    #expect(reasons(build([leaf.certificate])) == [.unknownIssuer])
    let verdict = build([leaf.certificate, stranger.certificate])
    #expect(reasons(verdict) == [.selfSignedNotTrusted])
    #expect(verdict.complaints.first?.certificate == stranger.certificate)
  }

  @Test func selfSignedLeafIsFineAsItsOwnAnchorOnly() throws {
    let own = try TestCA.selfSigned("CN=host.example") { $0.dnsNames = ["host.example"] }
    #expect(reasons(build([own.certificate])) == [.selfSignedNotTrusted])
    let verdict = build([own.certificate], try TrustAnchors.bundle([own.certificate]))
    #expect(verdict.path?.certificates == [own.certificate])
  }

  @Test func badSignatureIsFoundWhereItIs() throws {
    let forgedLeaf = try issuing.leaf(dns: "host.example") { $0.signatureIsWrong = true }
    let verdict = build(forgedLeaf.chain)
    #expect(reasons(verdict) == [.badSignature])
    #expect(verdict.complaints.first?.certificate == forgedLeaf.certificate)

    let forgedCA = try root.intermediate { $0.signatureIsWrong = true }
    let above = build(try forgedCA.leaf(dns: "host.example").chain)
    #expect(reasons(above) == [.badSignature])
    #expect(above.complaints.first?.depth == 1)
    #expect(above.complaints.first?.certificate == forgedCA.certificate)
  }

  /// An issuer of the right name with another key: the signature, not the name, decides.
  @Test func namesakeDoesNotPass() throws {
    let impostor = try TestCA.root { $0.hasKeyIdentifiers = false }
    let leaf = try impostor.leaf(dns: "host.example") { $0.hasKeyIdentifiers = false }
    #expect(reasons(build([leaf.certificate])) == [.badSignature])
  }

  @Test func purposeOfTheLeaf() throws {
    let client = try issuing.leaf(dns: "host.example") { $0.purposes = [.client] }
    #expect(reasons(build(client.chain)) == [.wrongPurpose(.server)])
    #expect(build(client.chain, purpose: .client).path != nil)
    #expect(build(client.chain, purpose: .any).path != nil)
    let serverOnly = try issuing.leaf(dns: "host.example") { $0.purposes = [.server] }
    #expect(reasons(build(serverOnly.chain, purpose: .client)) == [.wrongPurpose(.client)])
    let unlimited = try issuing.leaf(dns: "host.example") { $0.purposes = [] }
    #expect(build(unlimited.chain).path != nil && build(unlimited.chain, purpose: .client).path != nil)
    let signing = try issuing.leaf(dns: "host.example") { $0.purposes = [.codeSigning] }
    #expect(build(signing.chain, purpose: .any).path != nil)
    #expect(reasons(build(signing.chain)) == [.wrongPurpose(.server)])
  }

  @Test func intermediateThatIsNoAuthority() throws {
    let impostor = try root.intermediate("CN=No CA") { $0.authority = nil }
    for purpose in [PathBuilder.Purpose.server, .client, .any] {
      let verdict = build(try impostor.leaf(dns: "host.example").chain, purpose: purpose)
      #expect(reasons(verdict).contains(.notACA), "\(verdict)")
      #expect(verdict.complaints.first { $0.reason == .notACA }?.certificate == impostor.certificate)
    }
  }

  @Test func pathLengthIsKept() throws {
    let narrow = try root.intermediate("CN=Narrow") { $0.authority = .init(pathLength: 0) }
    #expect(build(try narrow.leaf(dns: "host.example").chain).path != nil)
    let below = try narrow.intermediate("CN=Below")
    let verdict = build(try below.leaf(dns: "host.example").chain)
    #expect(reasons(verdict) == [.pathTooLong])
    #expect(verdict.complaints.first?.certificate == narrow.certificate)
  }

  @Test func endlessChainsEnd() throws {
    var issuer = root
    for level in 0..<24 { issuer = try issuer.intermediate("CN=Level \(level)") }
    let verdict = build(try issuer.leaf(dns: "host.example").chain)
    #expect(reasons(verdict).contains(.pathTooLong), "\(verdict)")
  }

  @Test func weakKeysAreTheirOwnReason() throws {
    let weak = try issuing.leaf(dns: "host.example") { $0.keyKind = .rsa(bits: 1024) }
    let verdict = build(weak.chain)
    guard case .weak = verdict.complaints.first?.reason else {
      Issue.record("\(verdict)")
      return
    }
    #expect(verdict.complaints.count == 1)
  }

  @Test func severalComplaintsAreAllTold() throws {
    let bad = try issuing.leaf(dns: "other.example") {
      $0.notAfter = now - 60
      $0.purposes = [.client]
    }
    let found = Set(reasons(build(bad.chain)))
    #expect(found == [.expired, .wrongPurpose(.server), .nameMismatch(name)])
  }
}
