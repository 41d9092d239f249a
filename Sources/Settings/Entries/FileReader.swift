// SPDX-License-Identifier: Apache-2.0

/// Reads one element of a keystore's `files`.
struct FileReader {
  let keystore: String
  /// The PSE that the keystore starts from.
  let adopt: AdoptionSettings?
  let hasIdentity: Bool
  let hasTrust: Bool
  let outputs: OutputRegistry

  func read(_ field: Field) -> FileSettings? {
    MappingReader(field, KeyTable.file)?.exactlyOne(of: KeyTable.file.keys.map(\.name)) { key, value in
      switch key {
      case "pse": file(value, KeyTable.pse, holdsKey: { _ in hasIdentity }, pse)
      case "pem": file(value, KeyTable.pem, holdsKey: { $0["key"] != nil }, pem)
      case "pfx": file(value, KeyTable.pfx, holdsKey: { _ in true }, pfx)
      case "ca-directory": file(value, KeyTable.caDirectory, holdsKey: { _ in false }, caDirectory)
      default: file(value, KeyTable.javaTruststore, holdsKey: { _ in false }, javaTruststore)
      }
    }
  }

  private func file(
    _ field: Field, _ group: KeyGroup, holdsKey: (MappingReader) -> Bool,
    _ format: (MappingReader) -> FileFormatSettings?
  ) -> FileSettings? {
    guard let mapping = MappingReader(field, group) else { return nil }
    let owner = mapping["owner"]?.account()
    if let owner { mapping["owner"]?.examine(.user(owner)) }
    let group = mapping["group"]?.account()
    if let group { mapping["group"]?.examine(.group(group)) }
    let mode = mapping["mode"]?.mode()
    if holdsKey(mapping), let mode, mode & 0o007 != 0 {
      mapping["mode"]?.report(
        "the file holds a private key, and others must not read it", hint: "write \"0640\" or \"0600\"")
    }
    return format(mapping).map { FileSettings(format: $0, owner: owner, group: group, mode: mode) }
  }

  private func pse(_ mapping: MappingReader) -> FileFormatSettings? {
    output(mapping.required("path"), isPSE: true).map { path in
      let pse = PSEReader(mapping: mapping, path: path, adopt: adopt, hasIdentity: hasIdentity).read()
      if let credentials = pse.credentialsFile { outputs.addCredentials(credentials) }
      return .pse(pse)
    }
  }

  private func pem(_ mapping: MappingReader) -> FileFormatSettings? {
    needIdentity(mapping)
    let certificate = output(mapping["certificate"])
    let key = output(mapping["key"])
    let keyFormat = mapping["key-format"]?.choice(PEMFileSettings.KeyFormat.self) ?? .pkcs8
    guard mapping["certificate"] != nil || mapping["key"] != nil else {
      mapping.field.report("names no file", hint: "give 'certificate', 'key' or both")
      return nil
    }
    return .pem(PEMFileSettings(certificate: certificate, key: key, keyFormat: keyFormat))
  }

  private func pfx(_ mapping: MappingReader) -> FileFormatSettings? {
    needIdentity(mapping)
    let path = output(mapping.required("path"))
    let profile = mapping["profile"]?.choice(PFXFileSettings.Profile.self) ?? .modern
    let alias = mapping["alias"]?.line() ?? keystore
    guard let password = password(mapping), let path else { return nil }
    return .pfx(PFXFileSettings(path: path, password: password, profile: profile, alias: alias))
  }

  private func caDirectory(_ mapping: MappingReader) -> FileFormatSettings? {
    needTrust(mapping)
    return output(mapping.required("path"), isFolder: true).map { .caDirectory(path: $0) }
  }

  private func javaTruststore(_ mapping: MappingReader) -> FileFormatSettings? {
    needTrust(mapping)
    let path = output(mapping.required("path"))
    guard let password = password(mapping), let path else { return nil }
    return .javaTruststore(path: path, password: password)
  }

  private func output(_ field: Field?, isFolder: Bool = false, isPSE: Bool = false) -> OutputPath? {
    guard let field, let path = field.outputPath() else { return nil }
    outputs.add(path, isFolder: isFolder, isPSE: isPSE, keystore: keystore, field: field)
    return path
  }

  private func password(_ mapping: MappingReader) -> PasswordSource? {
    let isEmpty = mapping["empty-password"]?.flag()
    guard let field = mapping["password-credential"] else {
      guard isEmpty != true else { return .empty }
      mapping.field.report(
        "needs a password", hint: "write 'password-credential: NAME', or 'empty-password: true' when it shall have none"
      )
      return nil
    }
    if isEmpty == true { field.report("is given although 'empty-password' is true") }
    return field.credential().map(PasswordSource.credential)
  }

  private func needIdentity(_ mapping: MappingReader) {
    guard !hasIdentity else { return }
    mapping.field.report("holds an identity, and the keystore has none", hint: "give the keystore an 'identity'")
  }

  private func needTrust(_ mapping: MappingReader) {
    guard !hasTrust else { return }
    mapping.field.report("holds trusted certificates, and the keystore trusts none", hint: "give the keystore 'trust'")
  }
}
