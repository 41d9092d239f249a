// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import OpenSSLBridge

/// Between a keystore's content and PKCS #12 files.
enum PKCS12Rendering {
  /// Key, certificate, and all issuers up to the root: whoever imports the file needs no other to show the whole chain.
  static func render(_ identity: Identity, _ options: FileFormat.PFXOptions) throws(KeystoreError) -> SecretBytes {
    do {
      return try PKCS12.encode(
        key: identity.key, leaf: identity.certificate, issuers: identity.issuers, alias: options.alias,
        password: options.password, profile: options.profile)
    } catch {
      throw .pkcs12(error)
    }
  }

  static func render(trust: [Certificate], _ password: SecretBytes) throws(KeystoreError) -> SecretBytes {
    // Java compares aliases without regard to case; the fingerprint in each keeps them apart.
    let entries = trust.map { (alias: CertificateFileName.stem(of: $0), certificate: $0) }
    do {
      return try PKCS12.encodeTruststore(entries, password: password)
    } catch {
      throw .pkcs12(error)
    }
  }

  static func read(_ bytes: SecretBytes, _ options: FileFormat.PFXOptions) throws(KeystoreError) -> ReadKeystore {
    let content = try decode(bytes, options.password)
    return ReadKeystore(
      parts: FileFormat.pfx(options).parts, key: content.key, certificate: content.leaf, issuers: content.others)
  }

  static func readTrust(_ bytes: SecretBytes, _ password: SecretBytes) throws(KeystoreError) -> ReadKeystore {
    let content = try decode(bytes, password)
    return ReadKeystore(
      parts: FileFormat.javaTruststore(password: password).parts,
      trust: (content.leaf.map { [$0] } ?? []) + content.others)
  }

  static func opens(_ bytes: SecretBytes, _ password: SecretBytes) throws(KeystoreError) -> Bool {
    do {
      return try PKCS12.opens(bytes, password: password)
    } catch {
      throw .pkcs12(error)
    }
  }

  private static func decode(_ bytes: SecretBytes, _ password: SecretBytes) throws(KeystoreError) -> PKCS12.Content {
    do {
      return try PKCS12.decode(bytes, password: password)
    } catch {
      throw .pkcs12(error)
    }
  }
}
