// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import OpenSSLBridge
import PSEFormat

/// What a file is that is not of the kind which a command wants, as far as its bytes tell.
enum FileKind {
  /// With the label of its first block.
  case pem(String)
  case pfx
  case certificate
  case pkcs7
  case javaKeystore
  case pse

  /// Recognises a file; nil for what is none of these.
  init?(_ bytes: SecretBytes) {
    let beginning = bytes.copyBytes().prefix(Self.pemPrefix)
    if let label = Self.pemLabel(beginning) {
      self = .pem(label)
    } else if beginning.starts(with: [0xFE, 0xED, 0xFE, 0xED]) {
      self = .javaKeystore
    } else if PKCS12.isRecognised(bytes) {
      self = .pfx
    } else if Self.isRead({ _ = try Certificate(derEncoded: bytes.copyBytes()) }) {
      self = .certificate
    } else if Self.isRead({ _ = try PSEFile(derEncoded: bytes.copyBytes()) }) {
      self = .pse
    } else if (try? PKCS7Certificates.decode(bytes.copyBytes())) != nil {
      self = .pkcs7
    } else {
      return nil
    }
  }

  /// What to say to who gave the file for a PSE.
  var adviceForPSE: String {
    let add = "add its certificates to a PSE with `certrotd pse trust add`"
    return switch self {
    case .pem(let label):
      "it is a PEM file (\(label)) and no PSE: \(add), or make one with `certrotd pse create --certificate … --key …`"
    case .pfx: "it is a PFX (PKCS#12) and no PSE: make one of it with `certrotd pse create --from`"
    case .certificate: "it is a certificate and no PSE: \(add)"
    case .pkcs7: "it is a PKCS#7 file with certificates and no PSE: \(add)"
    case .javaKeystore:
      """
      it is a Java keystore (JKS) and no PSE: turn it into a PFX with `keytool -importkeystore -deststoretype PKCS12` and \
      make a PSE of that with `certrotd pse create --from`
      """
    case .pse: "it is a PSE"
    }
  }

  /// What to say to who gave the file for a PFX.
  var adviceForPFX: String {
    switch self {
    case .pem: "it is a PEM file and no PFX: name it with --certificate and --key instead of --from"
    case .certificate, .pkcs7: "it holds certificates only and is no PFX: name it with --certificate, and its --key"
    case .javaKeystore:
      "it is a Java keystore (JKS) and no PFX: turn it into one with `keytool -importkeystore -deststoretype PKCS12`"
    case .pse: "it is a PSE already: `certrotd pse convert --out` makes another of it"
    case .pfx: "it is a PFX"
    }
  }

  private static func pemLabel(_ bytes: some Collection<UInt8>) -> String? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let begin = text.firstRange(of: "-----BEGIN "), let end = text[begin.upperBound...].firstRange(of: "-----")
    else { return nil }
    return String(text[begin.upperBound..<end.lowerBound])
  }

  private static func isRead(_ read: () throws -> Void) -> Bool {
    do {
      try read()
      return true
    } catch {
      return false
    }
  }

  /// Bytes in which a PEM text begins its first block, after the comments that some tools write.
  private static let pemPrefix = 65_536
}
