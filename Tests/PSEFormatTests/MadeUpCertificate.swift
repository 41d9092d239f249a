// SPDX-License-Identifier: Apache-2.0

import Certificates
import SwiftASN1

/// Certificates of the right structure without a real key or signature: enough where nothing is verified.
enum MadeUpCertificate {
  static func make(
    subject: String, issuer: String? = nil, serial: UInt8 = 1, version1: Bool = false, keyBytes: Int = 256,
    signatureBytes: Int = 256
  ) throws -> Certificate {
    let algorithm: [UInt8] = [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B, 0x05, 0x00]
    var serializer = DER.Serializer()
    try serializer.appendConstructedNode(identifier: .sequence) { certificate in
      try certificate.appendConstructedNode(identifier: .sequence) { body in
        if !version1 {
          try body.serialize(2, explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific)
        }
        try body.serialize(serial)
        body.serializeRawBytes(algorithm)
        body.serializeRawBytes(try DistinguishedName(parsing: issuer ?? subject).derBytes)
        try body.appendConstructedNode(identifier: .sequence) { validity in
          for year in [2020, 2040] {
            try validity.serialize(
              UTCTime(year: year, month: 1, day: 1, hours: 0, minutes: 0, seconds: 0))
          }
        }
        body.serializeRawBytes(try DistinguishedName(parsing: subject).derBytes)
        try body.appendConstructedNode(identifier: .sequence) { info in
          try info.appendConstructedNode(identifier: .sequence) { identifier in
            try identifier.serialize(ASN1ObjectIdentifier.AlgorithmIdentifier.rsaEncryption)
            try identifier.serialize(ASN1Null())
          }
          var key = DER.Serializer()
          try key.appendConstructedNode(identifier: .sequence) { numbers in
            try numbers.serialize([UInt8](repeating: 0xA5, count: keyBytes)[...])
            try numbers.serialize(65537)
          }
          try info.serialize(ASN1BitString(bytes: key.serializedBytes[...]))
        }
        if !version1 {
          try body.serialize(explicitlyTaggedWithTagNumber: 3, tagClass: .contextSpecific) { extensions in
            try extensions.appendConstructedNode(identifier: .sequence) { list in
              try list.appendConstructedNode(identifier: .sequence) { basicConstraints in
                try basicConstraints.serialize([2, 5, 29, 19] as ASN1ObjectIdentifier)
                try basicConstraints.serialize(ASN1OctetString(contentBytes: [0x30, 0x03, 0x01, 0x01, 0xFF]))
              }
            }
          }
        }
      }
      certificate.serializeRawBytes(algorithm)
      try certificate.serialize(ASN1BitString(bytes: [UInt8](repeating: serial, count: signatureBytes)[...]))
    }
    return try Certificate(derEncoded: serializer.serializedBytes)
  }
}
