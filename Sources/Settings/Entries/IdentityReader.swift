// SPDX-License-Identifier: Apache-2.0

/// Reads a keystore's `identity`.
enum IdentityReader {
  /// - Returns: nil for `none`, and for a mistake.
  static func read(_ field: Field, _ scope: EntryScope) -> IdentitySource? {
    if let word = field.scalar {
      guard word != "none" else { return nil }
      field.report("must be none, or a mapping, not '\(word)'", hint: "write for example {service-key: \(word)}")
      return nil
    }
    return MappingReader(field, KeyTable.identity)?.exactlyOne(of: KeyTable.identity.keys.map(\.name)) { key, value in
      switch key {
      case "self-signed": selfSigned(value).map(IdentitySource.selfSigned)
      case "service-key": scope.serviceKey(value).map(IdentitySource.serviceKey)
      default: pem(value).map(IdentitySource.pem)
      }
    }
  }

  private static func selfSigned(_ field: Field) -> SelfSignedSettings? {
    guard let mapping = MappingReader(field, KeyTable.selfSigned) else { return nil }
    let subject = mapping.required("subject")?.distinguishedName()
    let validFor = mapping["valid-for"]?.duration(in: Bounds.validFor) ?? Defaults.selfSignedValidFor
    let keyBits = mapping["key-bits"]?.choice(SelfSignedSettings.KeyBits.self) ?? .rsa2048
    return subject.map { SelfSignedSettings(subject: $0, validFor: validFor, keyBits: keyBits) }
  }

  private static func pem(_ field: Field) -> PEMIdentityFiles? {
    guard let mapping = MappingReader(field, KeyTable.pemIdentity) else { return nil }
    let certificate = mapping.required("certificate")?.triedFile()
    let key = mapping.required("key")?.triedFile(holdsKey: true)
    let passphrase = mapping["passphrase-credential"]?.credential()
    guard let certificate, let key else { return nil }
    let files = PEMIdentityFiles(certificate: certificate.path, key: key.path, passphrase: passphrase)
    let areCertificates =
      certificate.isReadable && mapping["certificate"]?.examine(.certificates(certificate.path)) == true
    let isKey = key.isReadable && mapping["key"]?.examine(.key(key.path, passphrase: passphrase)) == true
    if areCertificates, isKey, mapping["key"]?.examine(.identity(files)) == true {
      mapping["certificate"]?.examine(.leaf(files))
    }
    return files
  }
}
