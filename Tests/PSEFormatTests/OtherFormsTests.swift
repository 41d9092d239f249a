// SPDX-License-Identifier: Apache-2.0

import Certificates
import PSEFormat
import SwiftASN1
import Testing

/// Forms of the format that certrotd reads or recognises, and does not write.
struct OtherFormsTests {
  let derivation = PINDerivation(salt: [1, 2, 3, 4, 5, 6, 7, 8])

  private func file(version: Int, body: [UInt8] = [0x30, 0x00]) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(version)
      coder.serializeRawBytes(body)
    }
    return serializer.serializedBytes
  }

  private func object(_ name: String, _ type: ASN1ObjectIdentifier, _ value: [UInt8]) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(ASN1PrintableString(name))
      try coder.serialize(
        GeneralizedTime(year: 2024, month: 2, day: 29, hours: 1, minutes: 2, seconds: 3, fractionalSeconds: 0))
      try coder.serialize(type)
      coder.serializeRawBytes(value)
    }
    return serializer.serializedBytes
  }

  private func content(_ objects: [[UInt8]], time: String = "20240229010203Z") throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(PSEAlgorithm.pinEncryption(derivation))
      coder.appendPrimitiveNode(identifier: .generalizedTime) { $0 += Array(time.utf8) }
      try coder.serialize(1)
      coder.appendConstructedNode(identifier: .set) { set in
        for object in objects { set.serializeRawBytes(object) }
      }
    }
    return serializer.serializedBytes
  }

  @Test func boundToAMachine() throws {
    let error = try #require(throws: PSEError.self) { try PSEFile(derEncoded: file(version: 256)) }
    #expect(error == .machineBound)
    #expect(error.description.contains("LPS"))
  }

  @Test(arguments: [0, 1, 3, 5, 255, 257, 65_536, Int.max])
  func unknownVersionIsNamed(version: Int) throws {
    #expect(throws: PSEError.unknownVersion(version == .max ? "of 8 bytes" : String(version))) {
      try PSEFile(derEncoded: file(version: version))
    }
  }

  @Test func version2And4DoNotExchangeTheirBodies() throws {
    #expect(throws: PSEError.self) { try PSEFile(derEncoded: file(version: 4)) }
    #expect(throws: PSEError.self) { try PSEFile(derEncoded: file(version: 2, body: [0xA3, 0x00])) }
  }

  @Test(
    arguments: [
      ([1, 2, 840, 10045, 2, 1], "elliptic curve"), ([1, 2, 840, 10040, 4, 1], "DSA"),
      ([1, 3, 101, 112], "1.3.101.112"),
    ] as [(ASN1ObjectIdentifier, String)])
  func keyOfAnotherKindIsNamedAndTheRestIsRead(algorithm: ASN1ObjectIdentifier, name: String) throws {
    var key = DER.Serializer()
    try key.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(PSEAlgorithm(identifier: algorithm, parameters: nil))
      try coder.serialize(ASN1BitString(bytes: [1, 2, 3]))
      try coder.serialize(ASN1OctetString(contentBytes: [4]))
    }
    let certificate = try MadeUpCertificate.make(subject: "CN=someone")
    let bytes = try file(
      version: 2,
      body: content([
        object("SKnew", [1, 3, 36, 2, 3, 4], key.serializedBytes),
        object("Cert", [1, 3, 36, 2, 1, 3], certificate.derBytes),
      ]))
    let read = try PSEFile(derEncoded: bytes)
    #expect(try read.derEncoded() == bytes)
    #expect(try read.content().certificate == certificate)
    let found = try #require(try read.content().privateKey)
    let error = try #require(throws: PSEError.self) { try found.primes() }
    #expect(error.description.contains(name))
  }

  @Test func unknownObjectIsKept() throws {
    let bytes = try file(version: 2, body: content([object("QuipuPWD", [1, 3, 36, 2, 13, 1], [0x04, 0x01, 0x61])]))
    let read = try PSEFile(derEncoded: bytes)
    #expect(try read.derEncoded() == bytes)
    #expect(
      try read.content().objects.map(\.value) == [.unknown(type: [1, 3, 36, 2, 13, 1], der: [0x04, 0x01, 0x61])])
  }

  @Test func trustListOfToBeSignedPartsIsRead() throws {
    let certificate = try MadeUpCertificate.make(subject: "CN=Old Trust")
    let part = Array(certificate.parts.toBeSigned.encodedBytes)
    let list = [0x31] + lengthOctets(part.count + certificate.derBytes.count) + part + certificate.derBytes
    let bytes = try file(version: 2, body: content([object("PKList", [1, 3, 36, 2, 6, 1], list)]))
    let read = try PSEFile(derEncoded: bytes)
    #expect(try read.content().trust == [.toBeSigned(part), .certificate(certificate)])
    #expect(try read.derEncoded() == bytes)
  }

  private func lengthOctets(_ length: Int) -> [UInt8] { [0x82, UInt8(length >> 8), UInt8(length & 255)] }

  @Test func placeOfTheMistakeIsNamed() throws {
    let good = try MadeUpCertificate.make(subject: "CN=good").derBytes
    let list = [0x31] + lengthOctets(good.count + 4) + good + [0x30, 0x02, 0x05, 0x00]
    let bytes = try file(version: 2, body: content([object("PKList", [1, 3, 36, 2, 6, 1], list)]))
    let error = try #require(throws: PSEError.self) { try PSEFile(derEncoded: bytes) }
    #expect(error.description.contains("PSE, Content, object 1, object PKList, certificate 2"))
  }

  @Test(arguments: [
    "20240229010203.5Z", "20240229010260Z", "00000229010203Z", "20230229010203Z", "20240229010203", "202402290102Z", "",
  ])
  func oddTimesAreRefused(time: String) throws {
    let bytes = try file(version: 2, body: content([], time: time))
    #expect(throws: PSEError.self) { try PSEFile(derEncoded: bytes) }
  }
}
