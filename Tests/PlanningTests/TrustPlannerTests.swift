// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import SystemPackage
import Testing

@Suite struct TrustPlannerTests {
  private func sample(_ include: Set<TrustSettings.Part> = TrustSettings.usualParts) -> Sample {
    var sample = Sample(include: include)
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 1, issuer: 2, root: 3))
    sample.remember(at: start)
    return sample
  }

  private static let parts: [(Set<TrustSettings.Part>, Set<Int>)] = [
    ([.roots], [3]), ([.issuers], [2]), ([.leaf], [1]), ([.roots, .issuers], [2, 3]),
    ([.roots, .issuers, .leaf], [1, 2, 3]), ([], []),
  ]

  @Test(arguments: parts)
  func takesTheSelectedParts(include: Set<TrustSettings.Part>, expected: Set<Int>) {
    #expect(Set(sample(include).trust(at: start).wanted.keys) == Set(expected.map(fingerprint)))
  }

  @Test func theOldRootStaysForTheOverlap() {
    var sample = sample([.roots])
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 12, root: 13))
    // Half a year passed in which nothing changed; the overlap counts from the change.
    let change = start + 180 * day
    let decision = sample.trust(at: change)
    #expect(Set(decision.wanted.keys) == [fingerprint(3), fingerprint(13)])
    #expect(decision.nextChange == change + 30 * day)
    sample.remember(at: change)
    #expect(sample.trust(at: change + 29 * day).wanted.keys.contains(fingerprint(3)))
    let late = sample.trust(at: change + 30 * day)
    #expect(Set(late.wanted.keys) == [fingerprint(13)])
    // It stays in memory until it ends.
    #expect(late.members.map(\.fingerprint).contains(fingerprint(3)))
  }

  @Test func whatAnEndpointSentLatelyStaysWithoutAnOverlap() {
    var sample = sample([.roots])
    sample.keystore.overlap = .zero
    var state = EndpointState.answering(path(leaf: 11, issuer: 12, root: 13))
    state.remember(path(leaf: 1, issuer: 2, root: 3), refetchedEvery: .seconds(3600), now: start)
    sample.inventory.endpoints["cloud"] = state
    let end = start + 3.3 * hour
    let decision = sample.trust(at: start + hour)
    #expect(Set(decision.wanted.keys) == [fingerprint(3), fingerprint(13)])
    #expect(decision.nextChange == end && decision.departures == [fingerprint(3): end])
    #expect(Set(sample.trust(at: end + 1).wanted.keys) == [fingerprint(13)])
    // What an operator takes away is gone: only listed endpoints count.
    sample.keystore.trust.endpoints = []
    #expect(sample.trust(at: start + hour).wanted.isEmpty)
  }

  @Test func aRootThatReturnsIsNeededAgain() throws {
    var sample = sample([.roots])
    let old = try #require(sample.inventory.endpoints["cloud"])
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 12, root: 13))
    sample.remember(at: start + day)
    sample.inventory.endpoints["cloud"] = old
    sample.remember(at: start + 2 * day)
    let member = try #require(sample.state.trustMembers.first { $0.fingerprint == fingerprint(3) })
    #expect(member.lastNeeded == nil && member.firstNeeded == start)
  }

  @Test func aFailingEndpointKeepsItsLastVerifiedPath() {
    var sample = sample([.roots])
    sample.inventory.endpoints["cloud"]?.currentlyFailing = "connection refused"
    #expect(Set(sample.trust(at: start + 300 * day).wanted.keys) == [fingerprint(3)])
  }

  @Test func aRemovedEndpointIsTrustedForTheOverlap() {
    var sample = sample([.roots])
    sample.keystore.trust.endpoints = []
    sample.remember(at: start + day)
    #expect(sample.trust(at: start + 30 * day).wanted.count == 1)
    #expect(sample.trust(at: start + 31 * day).wanted.isEmpty)
  }

  @Test func expiredCertificatesNeverStay() {
    var sample = sample([.roots])
    sample.state.trustMembers.append(
      TrustMember(certificate: certificate(30, to: 5 * day), firstNeeded: start, lastNeeded: start))
    #expect(sample.trust(at: start + day).wanted.keys.contains(fingerprint(30)))
    #expect(sample.trust(at: start + day).nextChange == start + 5 * day)
    let after = sample.trust(at: start + 5 * day)
    #expect(!after.wanted.keys.contains(fingerprint(30)))
    #expect(!sample.trust(at: start + 31 * day).members.map(\.fingerprint).contains(fingerprint(30)))
    // One that is still needed leaves the trust list too, but not the memory.
    let end = sample.trust(at: start + 4000 * day)
    #expect(end.wanted.isEmpty && end.members.map(\.fingerprint) == [fingerprint(3)])
  }

  @Test func noOverlapMeansAtOnce() {
    var sample = sample([.roots])
    sample.keystore.overlap = .zero
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 12, root: 13))
    #expect(Set(sample.trust(at: start).wanted.keys) == [fingerprint(13)])
  }

  @Test func aClockThatWasSetBackDoesNotProlongTheOverlap() {
    var sample = sample([.roots])
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 12, root: 13))
    sample.remember(at: start + 3000 * day)
    sample.remember(at: start)
    #expect(!sample.trust(at: start + 30 * day).wanted.keys.contains(fingerprint(3)))
  }

  @Test(arguments: [-3000 * day, -40 * day, -5 * day, hour, 40 * day, 1000 * day])
  func `a clock that is wrong for a moment does not end the overlap`(jump: TimeInterval) {
    var sample = sample([.roots])
    sample.inventory.endpoints["cloud"] = .answering(path(leaf: 11, issuer: 12, root: 13))
    let change = start + 20 * day
    sample.remember(at: change)
    sample.remember(at: change + 10 * day + jump)
    #expect(sample.trust(at: change + 10 * day).wanted.keys.contains(fingerprint(3)))
    #expect(!sample.trust(at: change + 30 * day).wanted.keys.contains(fingerprint(3)))
  }

  @Test func bundlesAreTrustedAsTheyAre() {
    var sample = Sample(endpoints: [], bundles: ["/etc/certrotd/roots.pem"])
    #expect(sample.trust(at: start).unreadBundles == ["/etc/certrotd/roots.pem"])
    sample.inventory.bundles["/etc/certrotd/roots.pem"] = [certificate(70), certificate(71, to: -day)]
    #expect(Set(sample.trust(at: start).wanted.keys) == [fingerprint(70)])
  }

  @Test func nothingAgesWhileABundleCannotBeRead() {
    var sample = Sample(endpoints: [], bundles: ["/etc/certrotd/roots.pem"])
    sample.inventory.bundles["/etc/certrotd/roots.pem"] = [certificate(70)]
    sample.remember(at: start)
    sample.inventory.bundles = [:]
    sample.remember(at: start + day)
    #expect(sample.trust(at: start + 200 * day).wanted.keys.contains(fingerprint(70)))
  }

  @Test func rememberingIsStable() {
    var sample = sample()
    for step in 0..<20 {
      let before = sample.state.trustMembers
      sample.remember(at: start + Double(step) * day)
      #expect(sample.state.trustMembers == before)
    }
  }
}
