// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Keystores
import OpenSSLBridge
import PSEFormat
import TestSupport
import Testing

/// Objects that one PSE hands on to the next.
@Suite struct PSEKeptObjectsTests {
  private let landscape: Landscape
  private let odd: PSEKeptObjects

  /// `Odd` of the type 1.3.36.2.99, with two bytes as its value, and once more with others.
  private static let encoded: [UInt8] = [0x30, 0x44] + object(0xaa) + object(0xbb)

  private static func object(_ byte: UInt8) -> [UInt8] {
    [0x30, 0x20, 0x13, 0x03] + Array("Odd".utf8) + [0x18, 0x0f] + Array("20240229235958Z".utf8)
      + [0x06, 0x04, 0x2b, 0x24, 0x02, 0x63, 0x04, 0x02, byte, 0x01]
  }

  init() throws {
    landscape = try Landscape.shared.get()
    odd = try PSEKeptObjects(derEncoded: Self.encoded)
  }

  @Test func theyAreByteForByteWhatTheyWere() throws {
    #expect(odd.objects.count == 2 && odd.names == ["Odd (1.3.36.2.99)", "Odd (1.3.36.2.99)"])
    #expect(try odd.derEncoded() == Self.encoded)
    #expect(throws: PSEError.self) { try PSEKeptObjects(derEncoded: Self.encoded.dropLast()) }
  }

  @Test func aNewFileHoldsThemAndTheJudgeMissesThem() throws {
    let trust = [landscape.foreign.certificate]
    let wanted = KeystoreContent(identity: landscape.issuedIdentity, trust: trust, kept: odd)
    let files = try KeystoreWriter.render(.pse(), wanted, now: aTime)
    let read = try KeystoreReader.read(.pse(), files)
    #expect(Set(read.kept.objects) == Set(odd.objects))
    #expect(KeystoreJudge.judge(read, wanted: wanted, endpointChains: [], now: aTime) == [])
    let bare = KeystoreContent(identity: landscape.issuedIdentity, trust: trust)
    let lacking = try KeystoreReader.read(.pse(), try KeystoreWriter.render(.pse(), bare, now: aTime))
    let faults = KeystoreJudge.judge(lacking, wanted: wanted, endpointChains: [], now: aTime)
    #expect(faults == [.objectMissing("Odd"), .objectMissing("Odd")])
    #expect(KeystoreJudge.judge(onDisk: [read], now: aTime) == [[]])
  }

  @Test func theyAreNoLoss() throws {
    let wanted = KeystoreContent(identity: landscape.issuedIdentity, trust: [], kept: odd)
    let document = try PSEDocument.open(try KeystoreWriter.render(.pse(), wanted, now: aTime)[0].bytes)
    let read = try document.read()
    #expect(document.losses(in: read, identity: read.content.identity, besides: []) == [])
    let short = Identity(certificate: landscape.leaf, key: landscape.key, issuers: [landscape.own.certificate])
    let losses = document.losses(in: read, identity: short, besides: [])
    #expect(losses.count == 1 && losses[0].contains("CN=Own Root") && losses[0].contains("without: "))
    #expect(document.losses(in: read, identity: short, besides: [landscape.own.root.fingerprint]) == [])
  }
}
