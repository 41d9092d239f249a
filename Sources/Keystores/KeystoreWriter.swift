// SPDX-License-Identifier: Apache-2.0

import Certificates
package import FoundationEssentials

/// Makes the bytes of files from a keystore's content, and touches no file itself.
package enum KeystoreWriter {
  /// Renders one format.
  ///
  /// Certificates stand in the same order whenever the content is equal; salts, and with them encrypted bytes, differ
  /// each time.
  ///
  /// - Parameters:
  ///   - format: What to make; parts of the content that it has no room for are left out.
  ///   - content: What is to be held.
  ///   - now: Becomes the time of making where a format stores one. UTC.
  /// - Returns: One file without a name, or the members of a folder.
  /// - Throws: ``KeystoreError``, when the content lacks what the format is for, or a key cannot be expressed in it.
  package static func render(
    _ format: FileFormat, _ content: KeystoreContent, now: Date
  ) throws(KeystoreError) -> [RenderedFile] {
    switch format {
    case .pse(let options):
      let bytes = try PSERendering.render(content, options, now: now)
      return [RenderedFile(bytes: bytes, holdsSecret: content.identity != nil)]
    case .pem(.certificate):
      let identity = try identity(of: content, for: format)
      return [RenderedFile(bytes: PEMRendering.certificates(of: identity), holdsSecret: false)]
    case .pem(.key(let framing)):
      let identity = try identity(of: content, for: format)
      return [RenderedFile(bytes: try PEMRendering.key(of: identity, framing), holdsSecret: true)]
    case .pfx(let options):
      let identity = try identity(of: content, for: format)
      return [RenderedFile(bytes: try PKCS12Rendering.render(identity, options), holdsSecret: true)]
    case .caDirectory:
      return PEMRendering.members(of: try trust(of: content, for: format))
    case .javaTruststore(let password):
      let trust = try trust(of: content, for: format)
      return [RenderedFile(bytes: try PKCS12Rendering.render(trust: trust, password), holdsSecret: false)]
    }
  }

  private static func identity(
    of content: KeystoreContent, for format: FileFormat
  ) throws(KeystoreError) -> Identity {
    guard let identity = content.identity else { throw .identityMissing(format) }
    return identity
  }

  private static func trust(
    of content: KeystoreContent, for format: FileFormat
  ) throws(KeystoreError) -> [Certificate] {
    guard !content.trust.isEmpty else { throw .trustMissing(format) }
    return content.trust
  }
}
