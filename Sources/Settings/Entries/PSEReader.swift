// SPDX-License-Identifier: Apache-2.0

/// Reads what a `pse` entry says besides path and permissions.
struct PSEReader {
  let mapping: MappingReader
  let path: OutputPath
  /// The PSE that the keystore starts from.
  let adopt: AdoptionSettings?
  let hasIdentity: Bool

  /// What can be read; the rest are mistakes.
  func read() -> PSEFileSettings {
    let version = mapping["version"]?.choice(PSEFileSettings.Version.self)
    let pin = isWithoutPIN ? nil : mapping["pin-credential"]?.credential()
    let list = mapping["certificate-list"]?.choice(PSEFileSettings.CertificateList.self) ?? .issuers
    if let field = mapping["certificate-list"], !hasIdentity {
      field.report("says how an identity is written, and the keystore has none", hint: "remove it")
    }
    let writer = mapping["writer"]?.choice(PSEFileSettings.Writer.self) ?? .native
    if writer == .sapgenpse { checkWriter() }
    let login = mapping["seclogin"]?.account()
    if let field = mapping["seclogin"] {
      checkLogin(field)
      if let login { field.examine(.user(login)) }
    }
    let tool = mapping["sapgenpse"].flatMap(Self.tool) ?? SapgenpseSettings()
    if mapping["sapgenpse"] == nil, let field = mapping["seclogin"] ?? (writer == .sapgenpse ? mapping["writer"] : nil)
    {
      field.checkProgram(SapgenpseSettings.usualProgram, hint: "say with 'sapgenpse: /…' where SAP's tool is")
    }
    return PSEFileSettings(
      path: path, version: version, pin: pin, isWithoutPIN: isWithoutPIN, certificateList: list, writer: writer,
      tool: tool, login: login)
  }

  private var isWithoutPIN: Bool { mapping["pin-credential"]?.scalar == "none" }

  /// Whether the file gets the PIN of the PSE that the keystore starts from.
  private var inheritsPIN: Bool { mapping["pin-credential"] == nil && adopt?.pin != nil }

  private func checkWriter() {
    if !hasIdentity {
      mapping["writer"]?.report(
        "sapgenpse makes a PSE from an identity, and the keystore has none", hint: "write 'native'")
    }
    if inheritsPIN {
      mapping["writer"]?.report(
        "the PSE that the keystore starts from has a PIN ('adopt'), and sapgenpse would make a file without",
        hint: "write 'native', or 'pin-credential: none' where the file shall have no PIN")
    }
    guard !isWithoutPIN else { return checkChoices() }
    mapping["pin-credential"]?.report(
      "sapgenpse takes a PIN as an argument only, where every account of this host could read it",
      hint: "write 'writer: native', and 'seclogin' for the credentials")
    checkChoices()
  }

  private func checkChoices() {
    for key in ["version", "certificate-list"] {
      mapping[key]?.report("is sapgenpse's own choice", hint: "remove it, or write 'writer: native'")
    }
  }

  private func checkLogin(_ field: Field) {
    if isWithoutPIN || mapping["pin-credential"] == nil && !inheritsPIN {
      field.report("has no meaning without a PIN: any program opens the file", hint: "remove it")
    }
    if case .inKeystore = path {
      field.report(
        "needs a PSE with an absolute path, since credentials hold for the path of a file",
        hint: "write for example 'path: /usr/sap/ABC/D00/sec/SAPSSLC.pse'")
    }
  }

  private static func tool(_ field: Field) -> SapgenpseSettings? {
    if field.scalar != nil { return field.program().map { SapgenpseSettings(program: $0) } }
    guard let mapping = MappingReader(field, KeyTable.sapgenpse) else { return nil }
    let program = mapping["program"]?.program()
    if mapping["program"] == nil { field.checkProgram(SapgenpseSettings.usualProgram, hint: "name it with 'program'") }
    let libraryPath = mapping["library-path"]?.folder()
    let secudir = mapping["secudir"]?.folder()
    let deadline = mapping["deadline"]?.duration(in: Bounds.hookDeadline) ?? Defaults.hookDeadline
    return SapgenpseSettings(
      program: program ?? SapgenpseSettings.usualProgram, libraryPath: libraryPath, secudir: secudir,
      deadline: deadline)
  }
}
