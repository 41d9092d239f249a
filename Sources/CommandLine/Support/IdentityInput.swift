// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Host
import Keystores
import OpenSSLBridge
import Planning
import Rotation
import SystemPackage

/// Where `certrotd pse create` gets an identity from that exists already.
struct IdentityInput {
  let password: PasswordOptions
  /// Certificates that may complete the chain.
  let trusted: [Certificate]
  let now: Date

  /// The identity of a file of certificates (PEM, DER or PKCS #7) and one of a private key (PEM or DER).
  ///
  /// - Returns: The identity with its issuers up to the root.
  /// - Throws: An error about the file that is at fault; ``Refusal`` for the key of an issuer, since a PSE of an authority
  ///   is hardly meant where the file holds what that authority issued.
  func identity(certificate: String, key: String) throws -> Identity {
    let certificates = try BundleReader().certificates(at: FilePath(certificate))
    let privateKey = try PSEOnDisk.about(key) { try read(key: key) }
    return try PSEOnDisk.about(certificate) {
      let identity = try examine(certificates, privateKey)
      let own = identity.certificate
      if let issued = certificates.first(where: { $0 != own && !$0.isSelfIssued && $0.namesAsIssuer(own) }) {
        let leaf = ChainOrdering.leaf(of: certificates) ?? issued
        throw Refusal(
          """
          the private key in \(key) is that of the issuer \(own.subject), not of \(leaf.subject): name the key of the \
          latter, or a file without it if the PSE is meant for the issuer itself
          """)
      }
      return identity
    }
  }

  /// The identity of a PFX.
  ///
  /// - Parameters:
  ///   - pfx: The file.
  ///   - alias: Which of several: the friendly name, or the subject of the certificate.
  /// - Returns: The identity with its issuers up to the root.
  /// - Throws: ``Refusal`` where there is no key, several and no `alias`, or none of that name.
  func identity(pfx: String, alias: String?) throws -> Identity {
    try PSEOnDisk.about(pfx) {
      let found = try read(pfx: pfx)
      let entry = try Self.chosen(from: found.entries, alias: alias)
      // The chosen certificate first: where a key fits several, that is the one.
      let identity = try examine((entry.leaf.map { [$0] } ?? []) + found.certificates, entry.key)
      if let note = Self.leftOut(of: found, taking: identity, trusted) { Output.complain("\(pfx): \(note)") }
      return identity
    }
  }

  /// What a PFX holds besides the identity that is taken over; nil for nothing.
  static func leftOut(of found: PKCS12.Content, taking identity: Identity, _ trusted: [Certificate]) -> String? {
    let used = Set(identity.chain + trusted)
    var seen: Set<Certificate> = []
    let certificates = found.certificates.filter { !used.contains($0) && seen.insert($0).inserted }
    var parts: [String] = []
    if found.entries.count > 1 { parts.append(Output.count(found.entries.count - 1, "other private key")) }
    if !certificates.isEmpty {
      let names = certificates.map { "\($0.subject)" }.joined(separator: "; ")
      parts.append("\(Output.count(certificates.count, "certificate")) beside the chain (\(names))")
    }
    if found.unknownBags > 0 {
      parts.append(Output.count(found.unknownBags, "entry that is none", "entries that are none"))
    }
    guard !parts.isEmpty else { return nil }
    return "not taken over: \(parts.joined(separator: ", ")); name with --trust what shall be trusted"
  }

  private static func chosen(
    from entries: [PKCS12.Content.Entry], alias: String?
  ) throws -> PKCS12.Content.Entry {
    guard let first = entries.first else { throw Refusal("the PFX holds no private key") }
    let names = entries.map { entry in
      let subject = entry.leaf.map { "\($0.subject)" } ?? "no certificate"
      return entry.alias.map { "'\($0)' (\(subject))" } ?? "'\(subject)' (no friendly name)"
    }.joined(separator: ", ")
    guard let alias else {
      guard entries.count == 1 else {
        throw Refusal("it holds \(entries.count) private keys: choose one with --alias: \(names)")
      }
      return first
    }
    // Java writes aliases in lower case, whatever was typed.
    let byName = entries.filter { $0.alias?.lowercased() == alias.lowercased() }
    let found = byName.isEmpty ? entries.filter { $0.leaf?.subject.description == alias } : byName
    guard let only = found.first, found.count == 1 else {
      let number = found.isEmpty ? "no private key" : "\(found.count) private keys"
      throw Refusal("it holds \(number) with the name '\(alias)', but these: \(names)")
    }
    return only
  }

  /// How many private keys a PEM text announces.
  private static func keyBlocks(in bytes: SecretBytes) -> Int {
    let (begin, end) = (Array("-----BEGIN ".utf8), Array("PRIVATE KEY-----".utf8))
    return bytes.withSpan { text in
      var found = 0
      for start in text.indices where text.count - start > begin.count {
        guard begin.indices.allSatisfy({ text[start + $0] == begin[$0] }) else { continue }
        // A label is no secret; what follows it is never copied.
        var label: [UInt8] = []
        for index in (start + begin.count)..<text.count {
          guard text[index] >= UInt8(ascii: " ") else { break }
          label.append(text[index])
        }
        while label.last == UInt8(ascii: " ") { label.removeLast() }
        if label.suffix(end.count) == end[...] { found += 1 }
      }
      return found
    }
  }

  private func read(key: String) throws -> PrivateKey {
    let bytes = try HostFiles().readSecretFile(FilePath(key), limit: ServiceKeyIntake.sizeLimit)
    let count = Self.keyBlocks(in: bytes)
    guard count < 2 else {
      throw Refusal("it holds \(count) private keys, and only one can be meant: name a file with that one alone")
    }
    func parse(_ passphrase: SecretBytes?) throws -> PrivateKey {
      // What is encoded in DER begins with the tag of a SEQUENCE, which no PEM text does.
      let isDER = bytes.withSpan { $0.count > 0 && $0[0] == 0x30 }
      return try isDER ? PrivateKey(der: bytes, passphrase: passphrase) : PrivateKey(pem: bytes, passphrase: passphrase)
    }
    do {
      return try parse(password.named(isNew: false))
    } catch PrivateKeyError.passphraseNeeded {
      guard SecretInput.isAttended else {
        throw Refusal("it is encrypted: give --password-file, --password-credential or --ask-password")
      }
      return try parse(SecretInput.ask("Password of \(key): "))
    } catch PrivateKeyError.wrongPassphrase {
      throw Refusal("the password does not open the private key, or its encrypted part is damaged")
    }
  }

  private func read(pfx: String) throws -> PKCS12.Content {
    let bytes = try HostFiles().readSecretFile(FilePath(pfx), limit: PKCS12.sizeLimit)
    do {
      return try PKCS12.decode(bytes, password: password.named(isNew: false) ?? SecretBytes(copying: []))
    } catch PKCS12Error.wrongPassword where !password.areGiven {
      guard SecretInput.isAttended else {
        throw Refusal("it needs a password: give --password-file, --password-credential or --ask-password")
      }
      return try PKCS12.decode(bytes, password: SecretInput.ask("Password of \(pfx): "))
    } catch PKCS12Error.malformed(let error) {
      throw FileKind(bytes).map { Refusal($0.adviceForPFX) } ?? PKCS12Error.malformed(error)
    }
  }

  /// Judges an identity as the daemon does, with advice for who has no configuration.
  private func examine(_ certificates: [Certificate], _ key: PrivateKey) throws -> Identity {
    do {
      return try IdentityExaminer.examine(
        certificates: certificates, key: key, completing: trusted, predecessor: nil, use: .any, now: now)
    } catch {
      switch error {
      case .keyFitsNone(let subject):
        throw Refusal("the private key is not that of \(subject.map { "\($0)" } ?? "any certificate in it")")
      case .expired(let end): throw Refusal("the certificate ended at \(TimeText.instant(end))")
      case .incomplete(let missing):
        throw Refusal("the chain is incomplete: add the certificate of \(missing), or name it with --trust")
      default: throw error
      }
    }
  }
}
