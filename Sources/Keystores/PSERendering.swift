// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import OpenSSLBridge
import PSEFormat

/// Between a keystore's content and the bytes of a PSE file.
enum PSERendering {
  static func render(_ content: KeystoreContent, now: Date) throws(KeystoreError) -> SecretBytes {
    let salt: [UInt8]
    do {
      salt = try Random.bytes(PINDerivation.usualSaltLength)
    } catch {
      throw .openSSL(error)
    }
    do {
      let pse = try PSEContent.make(
        identity: try content.identity.map(Self.identity), trust: content.trust,
        derivation: PINDerivation(salt: salt), created: now)
      var bytes = try PSEFile(pse).derEncoded()
      return SecretBytes(cleansing: &bytes)
    } catch let error as PrivateKeyError {
      throw .key(error)
    } catch let error as PSEError {
      throw .pse(error)
    } catch {
      throw .damaged(.pse, member: nil, reason: String(describing: error))
    }
  }

  static func read(_ bytes: SecretBytes) throws(KeystoreError) -> ReadKeystore {
    do {
      let file = try PSEFile(derEncoded: bytes.copyBytes())
      let content = try file.content()
      // The only protection of a version 4 file against damage; version 2 has none.
      if case .digested(let body) = file.body, Digest.sha1(body.content) != body.digest {
        throw KeystoreError.damaged(.pse, member: nil, reason: "its digest is not that of its content")
      }
      return ReadKeystore(
        parts: FileFormat.pse.parts, key: try key(of: content), certificate: content.certificate,
        issuers: content.issuers,
        trust: content.trust.compactMap { if case .certificate(let trusted) = $0 { trusted } else { nil } })
    } catch let error as KeystoreError {
      throw error
    } catch let error as PrivateKeyError {
      throw .key(error)
    } catch let error as PSEError {
      throw .pse(error)
    } catch {
      throw .damaged(.pse, member: nil, reason: String(describing: error))
    }
  }

  private static func identity(_ identity: Identity) throws -> PSEIdentity {
    let (p, q) = try identity.key.rsaPrimes()
    return try PSEIdentity(
      primes: PSEPrimes(p.copyBytes(), q.copyBytes()), certificate: identity.certificate, issuers: identity.issuers)
  }

  private static func key(of content: PSEContent) throws -> PrivateKey? {
    guard let stored = content.privateKey else { return nil }
    guard let certificate = content.certificate else { throw PSEError.lacking(object: "certificate of its key") }
    let primes = try stored.primes()
    return try PrivateKey(
      rsaPrimes: (p: SecretBytes(copying: primes.p), q: SecretBytes(copying: primes.q)), publicKeyOf: certificate)
  }
}
