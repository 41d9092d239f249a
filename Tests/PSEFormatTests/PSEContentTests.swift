// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import PSEFormat
import TestSupport
import Testing

struct PSEContentTests {
  let root: Certificate
  let issuer: Certificate
  let leaf: Certificate
  let primes: PSEPrimes
  let derivation = PINDerivation(salt: [1, 2, 3, 4, 5, 6, 7, 8])

  init() throws {
    root = try MadeUpCertificate.make(subject: "CN=Root, O=TS, C=DE")
    issuer = try MadeUpCertificate.make(subject: "CN=Issuer, O=TS, C=DE", issuer: "CN=Root, O=TS, C=DE", serial: 2)
    leaf = try MadeUpCertificate.make(subject: "CN=leaf, O=TS, C=DE", issuer: "CN=Issuer, O=TS, C=DE", serial: 3)
    primes = try PSEPrimes([0x00, 0x81, 0x03], [0xF1, 0x07])
  }

  private func roundTrip(_ content: PSEContent) throws -> PSEContent {
    let bytes = try PSEFile(content).derEncoded()
    let file = try PSEFile(derEncoded: bytes)
    #expect(try file.derEncoded() == bytes)
    return try file.content()
  }

  @Test func trustAloneHasNoFlagAndOneObject() throws {
    let content = try PSEContent.make(
      identity: nil, trust: [root, issuer, root], derivation: derivation, created: aTime)
    let read = try roundTrip(content)
    #expect(read == content)
    #expect(read.keyFlag == nil)
    #expect(read.objects.map(\.name) == ["PKList"])
    #expect(Set(read.trust) == [.certificate(root), .certificate(issuer)])
    #expect(read.trust.count == 2)
    #expect(read.created == aTime)
    #expect(!read.holdsPrivateKey)
  }

  @Test func selfSignedIsItsOwnRootAndList() throws {
    let identity = try PSEIdentity(primes: primes, certificate: root, issuers: [root])
    #expect(identity.isSelfSigned)
    let read = try roundTrip(
      .make(identity: identity, trust: [issuer], derivation: derivation, created: aTime))
    #expect(Set(read.objects.map(\.name)) == ["SKnew", "PKRoot", "Cert", "CertList", "PKList"])
    #expect(read.keyFlag == 1)
    #expect(read.certificate == root)
    #expect(read.root == root)
    #expect(read.issuers.isEmpty)
    #expect(try read.privateKey?.primes() == primes)
  }

  @Test func issuedHoldsTheWayToTheRoot() throws {
    let identity = try PSEIdentity(primes: primes, certificate: leaf, issuers: [issuer, root])
    let read = try roundTrip(.make(identity: identity, trust: [], derivation: derivation, created: aTime))
    #expect(Set(read.objects.map(\.name)) == ["SKnew", "PKRoot", "Cert", "CertList", "FCPath"])
    #expect(read.certificate == leaf)
    #expect(read.root == root)
    #expect(Set(read.issuers) == [issuer, root])
    #expect(read.trust.isEmpty)
  }

  @Test func issuedByTheRootNeedsNoForwardPath() throws {
    let child = try MadeUpCertificate.make(subject: "CN=child", issuer: "CN=Root, O=TS, C=DE", serial: 9)
    let identity = try PSEIdentity(primes: primes, certificate: child, issuers: [root])
    let read = try roundTrip(.make(identity: identity, trust: [], derivation: derivation, created: aTime))
    #expect(Set(read.objects.map(\.name)) == ["SKnew", "PKRoot", "Cert", "CertList"])
    #expect(read.issuers == [root])
  }

  @Test func rootOfVersion1SurvivesBeingTakenApart() throws {
    let old = try MadeUpCertificate.make(subject: "CN=Old Root", version1: true)
    let identity = try PSEIdentity(primes: primes, certificate: old, issuers: [])
    let read = try roundTrip(.make(identity: identity, trust: [], derivation: derivation, created: aTime))
    #expect(read.root == old)
  }

  @Test func sameBytesWhateverTheOrderOfTrust() throws {
    let trust = try (1...40).map { try MadeUpCertificate.make(subject: "CN=Root \($0)", serial: UInt8($0)) }
    let expected = try PSEContent.make(identity: nil, trust: trust, derivation: derivation, created: aTime)
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<20 {
      let shuffled = trust.shuffled(using: &generator)
      let content = try PSEContent.make(identity: nil, trust: shuffled, derivation: derivation, created: aTime)
      #expect(try content.derEncoded() == expected.derEncoded())
    }
    let encodings = expected.trust.compactMap { if case .certificate(let found) = $0 { found.derBytes } else { nil } }
    #expect(zip(encodings, encodings.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
  }

  @Test func largerPrimeStandsFirst() throws {
    #expect(primes.p == [0xF1, 0x07])
    #expect(primes.q == [0x81, 0x03])
    #expect(try PSEPrimes([0x01, 0x00, 0x01], [0xFF]).p == [0x01, 0x00, 0x01])
    #expect(throws: PSEError.self) { try PSEPrimes([0, 0], [3]) }
    #expect(throws: PSEError.self) { try PSEPrimes([3], [0, 3]) }
    #expect(throws: PSEError.self) { try PSEPrimes([UInt8](repeating: 1, count: 1025), [3]) }
  }

  @Test func missingLinkIsNamed() throws {
    let error = try #require(throws: PSEError.self) {
      try PSEIdentity(primes: primes, certificate: leaf, issuers: [root])
    }
    #expect(error.description.contains("CN=leaf, O=TS, C=DE was issued by CN=Issuer, O=TS, C=DE"))
    let rootless = try #require(throws: PSEError.self) {
      try PSEIdentity(primes: primes, certificate: leaf, issuers: [issuer])
    }
    #expect(rootless.description.contains("a PSE needs the root"))
    #expect(throws: PSEError.self) {
      try PSEIdentity(primes: primes, certificate: root, issuers: [issuer])
    }
  }

  @Test func nothingToHoldIsRefused() {
    #expect(throws: PSEError.self) {
      try PSEContent.make(identity: nil, trust: [], derivation: derivation, created: aTime)
    }
  }

  @Test(arguments: [Date.distantFuture.addingTimeInterval(9e11), Date(timeIntervalSince1970: -9e11)])
  func timeThatTheFormatCannotHoldIsRefused(time: Date) {
    #expect(throws: PSEError.self) {
      try PSEContent.make(identity: nil, trust: [root], derivation: derivation, created: time)
    }
  }

  @Test func fractionsOfASecondAreCut() throws {
    let content = try PSEContent.make(
      identity: nil, trust: [root], derivation: derivation, created: aTime.addingTimeInterval(0.9))
    #expect(content.created == aTime)
    #expect(try roundTrip(content) == content)
  }
}
