// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import OpenSSLBridge
import SystemPackage

/// The sealing key of an open ledger, and what is sealed under it.
struct KeySeal: Sendable {
  let key: SealingKey
  /// Where the key came from, for error messages.
  let origin: String

  /// Seals a private key so that it opens only as the key of this subject and this certificate.
  func seal(_ privateKey: SecretBytes, of subject: LedgerSubject, leaf: Fingerprint) throws(LedgerError) -> [UInt8] {
    try seal(privateKey, context: Self.context(of: subject, leaf: leaf))
  }

  func open(
    _ sealed: [UInt8], of subject: LedgerSubject, leaf: Fingerprint, ledger: FilePath
  ) throws(LedgerError) -> SecretBytes {
    try open(sealed, context: Self.context(of: subject, leaf: leaf), of: subject, ledger: ledger)
  }

  /// Seals anything so that it opens only with the same context.
  func seal(_ secret: SecretBytes, context: [UInt8]) throws(LedgerError) -> [UInt8] {
    do {
      return try Sealing.seal(secret, key: key, context: context)
    } catch {
      throw .sealingKeyUnusable(origin: origin, detail: "\(error)")
    }
  }

  /// Opens what was sealed with the same context; `subject` is named when it does not open.
  func open(
    _ sealed: [UInt8], context: [UInt8], of subject: LedgerSubject, ledger: FilePath
  ) throws(LedgerError) -> SecretBytes {
    do {
      return try Sealing.open(sealed, key: key, context: context)
    } catch {
      throw .sealedValueDamaged(ledger: ledger, subject: subject, detail: "\(error)")
    }
  }

  /// Bytes by which a proof of a login is known again, and from which it cannot be got back.
  func digest(of proof: SecretBytes, for name: StoredLogin.Name) throws(LedgerError) -> [UInt8] {
    do {
      return try KeyedDigest.of(proof, key: key, context: Self.context(ofLogin: name, "proof"))
    } catch {
      throw .sealingKeyUnusable(origin: origin, detail: "\(error)")
    }
  }

  /// Seals what a keystore keeps of the file that it started from, so that it opens only as that.
  func seal(_ objects: SecretBytes, ofAdoptionBy keystore: String, from path: String) throws(LedgerError) -> [UInt8] {
    do {
      return try Sealing.seal(objects, key: key, context: Self.context(ofAdoptionBy: keystore, from: path))
    } catch {
      throw .sealingKeyUnusable(origin: origin, detail: "\(error)")
    }
  }

  func open(
    _ sealed: [UInt8], ofAdoptionBy keystore: String, from path: String, ledger: FilePath
  ) throws(LedgerError) -> SecretBytes {
    do {
      return try Sealing.open(sealed, key: key, context: Self.context(ofAdoptionBy: keystore, from: path))
    } catch {
      throw .sealedValueDamaged(ledger: ledger, subject: LedgerSubject(.keystore, keystore), detail: "\(error)")
    }
  }

  /// A known value, sealed: whoever can open it has the right key.
  func makeCheck() throws(LedgerError) -> [UInt8] {
    do {
      return try Sealing.seal(SecretBytes(copying: Self.checkValue), key: key, context: Self.checkContext)
    } catch {
      throw .sealingKeyUnusable(origin: origin, detail: "\(error)")
    }
  }

  func opensCheck(_ sealed: [UInt8]) -> Bool {
    do {
      return try Sealing.open(sealed, key: key, context: Self.checkContext) == SecretBytes(copying: Self.checkValue)
    } catch {
      // Any failure to open the check means the same: this is not the key.
      return false
    }
  }

  private static func context(of subject: LedgerSubject, leaf: Fingerprint) -> [UInt8] {
    LengthPrefixed.encode([
      Array("certrotd identity".utf8), Array(subject.kind.rawValue.utf8), Array(subject.name.utf8), leaf.bytes,
    ])
  }

  private static func context(ofAdoptionBy keystore: String, from path: String) -> [UInt8] {
    LengthPrefixed.encode([Array("certrotd adoption".utf8), Array(keystore.utf8), Array(path.utf8)])
  }

  static func context(ofCredentials guid: String, _ serviceKey: String) -> [UInt8] {
    LengthPrefixed.encode([Array("certrotd credentials".utf8), Array(serviceKey.utf8), Array(guid.utf8)])
  }

  static func context(ofLogin name: StoredLogin.Name, _ part: String) -> [UInt8] {
    LengthPrefixed.encode([
      Array("certrotd login".utf8), Array(part.utf8), Array(name.endpoint.utf8), Array(name.principal.utf8),
    ])
  }

  private static let checkContext = LengthPrefixed.encode([Array("certrotd sealing key check".utf8)])
  private static let checkValue = Array("certrotd".utf8)
}
