// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Keystores
import Logging
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

  /// Why a keystore of a service key could not be written with an identity, as far as that lies in the identity: a PSE, such
  /// as it is made here, takes RSA keys only.
  ///
  /// Whatever else is in the way, such as a password that cannot be read, is told when the files are written.
  ///
  /// - Returns: nil when each keystore can hold it.
  static func obstacle(to identity: Identity, of serviceKey: String, _ context: RotationContext) async -> String? {
    let content = KeystoreContent(identity: identity, trust: [])
    let keystores = await context.landscape.configuration.keystores.filter { $0.identity == .serviceKey(serviceKey) }
    for keystore in keystores {
      let outputs: [KeystoreOutput]
      do throws(OutputError) {
        outputs = try KeystoreOutput.resolve(keystore, credentials: context.credentials)
      } catch {
        context.logger.debug("the files of keystore \(keystore.name) cannot be tried: \(error)")
        continue
      }
      for output in outputs where output.format.parts.contains(.key) {
        do throws(KeystoreError) {
          _ = try KeystoreWriter.render(output.format, content, now: context.clock.now())
        } catch .key(let reason) {
          return "the keystore \(keystore.name) has a \(output.format) file, which cannot hold it: \(reason)"
        } catch {
          context.logger.debug("a file of keystore \(keystore.name) cannot be tried: \(error)")
        }
      }
    }
    return nil
  }

  private static func read(_ formats: [FileFormat], _ content: KeystoreContent, _ now: Date) throws -> Identity? {
    guard !formats.isEmpty else { return nil }
    let parts = try formats.map { try KeystoreReader.read($0, KeystoreWriter.render($0, content, now: now)) }
    guard let first = parts.first else { return nil }
    return parts.dropFirst().reduce(first) { $0.merging($1) }.content.identity
  }
}
