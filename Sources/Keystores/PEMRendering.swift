// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import OpenSSLBridge

/// Between a keystore's content and PEM text.
enum PEMRendering {
  /// The identity's certificate, its issuers and the root.
  static func certificates(of identity: Identity) -> SecretBytes { text(of: identity.chain) }

  static func key(of identity: Identity, _ format: PrivateKey.PEMFormat) throws(KeystoreError) -> SecretBytes {
    do {
      return try identity.key.pem(format)
    } catch {
      throw .key(error)
    }
  }

  /// One file for each trusted certificate.
  static func members(of trust: [Certificate]) -> [RenderedFile] {
    trust.map { certificate in
      RenderedFile(
        name: CertificateFileName.name(of: certificate), bytes: text(of: [certificate]), holdsSecret: false)
    }
  }

  static func readCertificates(_ file: RenderedFile) throws(KeystoreError) -> ReadKeystore {
    let certificates = try certificates(in: file)
    guard let leaf = certificates.first else {
      throw .damaged(.pem(.certificate), member: file.name, reason: "it holds no certificate")
    }
    return ReadKeystore(parts: .certificate, certificate: leaf, issuers: Array(certificates.dropFirst()))
  }

  static func readKey(_ file: RenderedFile) throws(KeystoreError) -> ReadKeystore {
    do {
      return ReadKeystore(parts: .key, key: try PrivateKey(pem: file.bytes))
    } catch {
      throw .key(error)
    }
  }

  static func readMembers(_ files: [RenderedFile]) throws(KeystoreError) -> ReadKeystore {
    var trust: [Certificate] = []
    for file in files { trust += try certificates(in: file) }
    return ReadKeystore(parts: .trust, trust: trust)
  }

  private static func certificates(in file: RenderedFile) throws(KeystoreError) -> [Certificate] {
    do {
      return try PEMReader.certificates(in: file.bytes.copyBytes())
    } catch {
      throw .certificate(member: file.name, error)
    }
  }

  private static func text(of certificates: [Certificate]) -> SecretBytes {
    SecretBytes(copying: Array(certificates.map { PEMBlock($0).text }.joined().utf8))
  }
}
