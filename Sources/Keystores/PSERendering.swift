// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
package import OpenSSLBridge
import PSEFormat

/// Between a keystore's content and the bytes of a PSE file.
enum PSERendering {
  static func render(
    _ content: KeystoreContent, _ options: FileFormat.PSEOptions, now: Date
  ) throws(KeystoreError) -> SecretBytes {
    let salt: [UInt8]
    do {
      salt = try Random.bytes(PINDerivation.usualSaltLength)
    } catch {
      throw .openSSL(error)
    }
    let pse: PSEContent
    do {
      pse = try PSEContent.make(
        identity: try content.identity.map(Self.identity), trust: content.trust, kept: content.kept,
        list: options.list,
        derivation: PINDerivation(salt: salt), created: now)
    } catch let error as PrivateKeyError {
      throw .key(error)
    } catch let error as PSEError {
      throw .pse(error)
    } catch {
      throw .damaged(.pse(), member: nil, reason: String(describing: error))
    }
    return try PSEDocument.encoded(pse, version: options.version, pin: options.pin)
  }

  /// Reads a file of either version.
  ///
  /// One that needs no PIN is read although there is one: it may be a generation from before the PIN was configured.
  static func read(_ bytes: SecretBytes, _ options: FileFormat.PSEOptions) throws(KeystoreError) -> ReadKeystore {
    try PSEDocument.open(bytes, pin: options.pin).read()
  }

  /// Whether the file has the PIN of the options, or none where they name none.
  static func opens(_ bytes: SecretBytes, _ options: FileFormat.PSEOptions) throws(KeystoreError) -> Bool {
    do {
      return try PSEDocument.open(bytes, pin: options.pin).isPINProtected == (options.pin != nil)
    } catch .pse(.wrongPIN), .pse(.pinProtected) {
      return false
    }
  }

  private static func identity(_ identity: Identity) throws -> PSEIdentity {
    let (p, q) = try identity.key.rsaPrimes()
    return try PSEIdentity(
      primes: PSEPrimes(p.copyBytes(), q.copyBytes()), certificate: identity.certificate, issuers: identity.issuers)
  }
}

extension PSEDocument {
  /// What certrotd understands of the file; the rest stays in `content`.
  ///
  /// - Throws: ``KeystoreError``, when the key is of a kind that is not supported or not that of the certificate.
  package func read() throws(KeystoreError) -> ReadKeystore {
    ReadKeystore(
      parts: FileFormat.pse().parts, key: try key(), certificate: content.certificate, issuers: content.issuers,
      trust: PSETrustList.certificates(in: content.trust), kept: PSEKeptObjects(content.unknownObjects))
  }

  /// The private key; nil when there is none.
  ///
  /// - Throws: ``KeystoreError``.
  package func key() throws(KeystoreError) -> PrivateKey? {
    guard let stored = content.privateKey else { return nil }
    guard let certificate = content.certificate else { throw .pse(.lacking(object: "certificate of its key")) }
    do {
      let primes = try stored.primes()
      return try PrivateKey(
        rsaPrimes: (p: SecretBytes(copying: primes.p), q: SecretBytes(copying: primes.q)), publicKeyOf: certificate)
    } catch let error as PrivateKeyError {
      throw .key(error)
    } catch let error as PSEError {
      throw .pse(error)
    } catch {
      throw .damaged(.pse(), member: nil, reason: String(describing: error))
    }
  }
}
