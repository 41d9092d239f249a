// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Keystores
import Settings

/// An identity as its consumers will read it.
enum DeliveredForm {
  /// Makes the files that the keystores of a service key will hold, in memory, and reads the identity back from them.
  ///
  /// Of several files a PFX counts before PEM, since more can go wrong with it.
  ///
  /// - Returns: the identity itself where no keystore has a file with a private key.
  /// - Throws: `OutputError`, `KeystoreError`.
  static func identity(
    _ identity: Identity, of serviceKey: String, _ context: RotationContext
  ) async throws -> Identity {
    let content = KeystoreContent(identity: identity, trust: [])
    let keystores = await context.landscape.configuration.keystores.filter { $0.identity == .serviceKey(serviceKey) }
    let formats = try keystores.flatMap { try KeystoreOutput.resolve($0, credentials: context.credentials) }.map(
      \.format)
    for format in formats {
      guard case .pfx = format else { continue }
      if let found = try read([format], content, context.clock.now()) { return found }
    }
    let pem = formats.filter { if case .pem = $0 { true } else { false } }
    return try read(pem, content, context.clock.now()) ?? identity
  }

  private static func read(_ formats: [FileFormat], _ content: KeystoreContent, _ now: Date) throws -> Identity? {
    guard !formats.isEmpty else { return nil }
    let parts = try formats.map { try KeystoreReader.read($0, KeystoreWriter.render($0, content, now: now)) }
    guard let first = parts.first else { return nil }
    return parts.dropFirst().reduce(first) { $0.merging($1) }.content.identity
  }
}
