// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Host
import OpenSSLBridge
package import PSEFormat

/// A PSE file that was opened: what is in it, and how it was wrapped.
///
/// The way for everything that changes a file and must lose nothing of it. What certrotd understands is in ``read()``.
package struct PSEDocument: Sendable {
  package let version: PSEVersion
  package let isPINProtected: Bool
  package let content: PSEContent

  package init(version: PSEVersion, isPINProtected: Bool, content: PSEContent) {
    self.version = version
    self.isPINProtected = isPINProtected
    self.content = content
  }

  /// Opens a file of either version.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - pin: ASCII; ignored by a file that needs none.
  /// - Returns: What is in it.
  /// - Throws: ``KeystoreError``: `pse(pinProtected)` when a PIN is needed and there is none, `pse(wrongPIN)`,
  ///   `damaged` when the digest of a version 4 file is not that of its content.
  package static func open(_ bytes: SecretBytes, pin: SecretBytes? = nil) throws(KeystoreError) -> PSEDocument {
    do {
      return try open(try PSEFile(derEncoded: bytes.copyBytes()), pin)
    } catch let error as KeystoreError {
      throw error
    } catch let error as PSEError {
      throw .pse(error)
    } catch let error as PINCipherError {
      throw .pin(error)
    } catch {
      throw .damaged(.pse(), member: nil, reason: String(describing: error))
    }
  }

  /// The bytes of a file that holds the content.
  ///
  /// Salt and iterations are those of the content, inside and outside, as in every genuine file: the same content,
  /// version and PIN give the same bytes.
  ///
  /// - Throws: ``KeystoreError``.
  package func encoded(pin: SecretBytes? = nil) throws(KeystoreError) -> SecretBytes {
    try Self.encoded(content, version: version, pin: pin)
  }

  /// Like ``encoded(pin:)``, for a content that comes from no file.
  package static func encoded(
    _ content: PSEContent, version: PSEVersion, pin: SecretBytes?
  ) throws(KeystoreError) -> SecretBytes {
    do {
      var bytes = try PSEFile(body: body(content, version, pin)).derEncoded()
      return SecretBytes(cleansing: &bytes)
    } catch let error as PSEError {
      throw .pse(error)
    } catch let error as PINCipherError {
      throw .pin(error)
    } catch {
      throw .damaged(.pse(), member: nil, reason: String(describing: error))
    }
  }

  /// The content with a new salt: for a new PIN, and for a change under the same one, so that no two contents are
  /// encrypted with the same key and vector.
  ///
  /// - Throws: ``KeystoreError``.
  package static func salted(_ content: PSEContent) throws(KeystoreError) -> PSEContent {
    do {
      return try content.replacing(PINDerivation(salt: Random.bytes(PINDerivation.usualSaltLength)))
    } catch let error as PSEError {
      throw .pse(error)
    } catch let error as OpenSSLError {
      throw .openSSL(error)
    } catch {
      throw .damaged(.pse(), member: nil, reason: String(describing: error))
    }
  }

  private static func open(_ file: PSEFile, _ pin: SecretBytes?) throws -> PSEDocument {
    switch file.body {
    case .plain(let content):
      return PSEDocument(version: .two, isPINProtected: false, content: content)
    case .protected(let body):
      guard let pin else { throw PSEError.pinProtected(version: 2) }
      let cipher = try Self.cipher(pin, body.algorithm)
      // The encrypted PIN is there to be compared, before the content is touched.
      guard let stored = try cipher.decrypt(body.encryptedPIN), stored == pin else {
        throw PSEError.wrongPIN(version: 2)
      }
      guard let encoded = try cipher.decrypt(body.cipherText) else {
        throw KeystoreError.damaged(
          .pse(), member: nil, reason: "the PIN is right, but its content cannot be decrypted")
      }
      return PSEDocument(version: .two, isPINProtected: true, content: try PSEContent.read(encoded.copyBytes()))
    case .digested(let body):
      guard body.protection == .pin else {
        // The only protection of such a file against damage; version 2 has none.
        guard Digest.sha1(body.content) == body.digest else {
          throw KeystoreError.damaged(.pse(), member: nil, reason: "its digest is not that of its content")
        }
        return PSEDocument(version: .four, isPINProtected: false, content: try PSEContent.read(body.content))
      }
      guard let pin else { throw PSEError.pinProtected(version: 4) }
      guard let encoded = try Self.cipher(pin, body.algorithm).decrypt(body.content)?.copyBytes(),
        Digest.sha1(encoded) == body.digest
      else { throw PSEError.wrongPIN(version: 4) }
      return PSEDocument(version: .four, isPINProtected: true, content: try PSEContent.read(encoded))
    }
  }

  private static func body(
    _ content: PSEContent, _ version: PSEVersion, _ pin: SecretBytes?
  ) throws -> PSEFile.Body {
    let encoded = try content.derEncoded()
    switch (version, pin) {
    case (.two, nil): return .plain(content)
    case (.two, let pin?):
      let cipher = try Self.cipher(pin, content.algorithm)
      return .protected(
        PSEProtectedContent(
          encryptedPIN: try cipher.encrypt(pin), algorithm: content.algorithm,
          cipherText: try cipher.encrypt(SecretBytes(copying: encoded))))
    case (.four, let pin):
      var stored = encoded
      if let pin { stored = try Self.cipher(pin, content.algorithm).encrypt(SecretBytes(copying: encoded)) }
      return .digested(
        PSEDigestedContent(
          protection: pin == nil ? .none : .pin, algorithm: content.algorithm, content: stored,
          digest: Digest.sha1(encoded)))
    }
  }

  private static func cipher(_ pin: SecretBytes, _ algorithm: PSEAlgorithm) throws -> PINCipher {
    guard let derivation = try algorithm.pinDerivation else {
      throw PSEError.unsupportedProtection(algorithm: "\(algorithm.identifier)")
    }
    return try PINCipher(pin: pin, salt: derivation.salt, iterations: derivation.iterations)
  }
}
