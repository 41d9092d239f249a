// SPDX-License-Identifier: Apache-2.0

/// Reads `from` of a service key.
struct PlatformSourceReader {
  let logins: LoginRegistry

  func source(_ field: Field, name: String) -> ServiceKeySource? {
    MappingReader(field, KeyTable.source)?.exactlyOne(of: KeyTable.source.keys.map(\.name)) { key, value in
      switch key {
      case "file": value.expectedKeyFile().map(ServiceKeySource.file)
      case "cloud-foundry": cloudFoundry(value, name).map(ServiceKeySource.cloudFoundry)
      default: serviceManager(value, name).map(ServiceKeySource.serviceManager)
      }
    }
  }

  private func cloudFoundry(_ field: Field, _ name: String) -> CloudFoundrySource? {
    guard let mapping = MappingReader(field, KeyTable.cloudFoundry) else { return nil }
    let api = mapping.required("api")?.httpsOrigin()
    let organization = mapping["org"]?.line()
    let space = mapping["space"]?.line()
    if organization != nil, mapping["space"] == nil {
      mapping["org"]?.report("has no meaning without 'space'", hint: "name the space too")
    }
    let instance = mapping.required("service-instance")?.line()
    let key = Self.key(mapping, name)
    let login = mapping.required("login").flatMap(login)
    guard let api, let instance, let key, let login else { return nil }
    return CloudFoundrySource(
      api: api, organization: organization, space: space, instance: instance, key: key, login: login)
  }

  private func serviceManager(_ field: Field, _ name: String) -> ServiceManagerSource? {
    guard let mapping = MappingReader(field, KeyTable.serviceManager) else { return nil }
    let binding = credential(mapping.required("binding-file")) { .binding($0, isRenewed: false) }
    let instance = mapping.required("service-instance")?.line()
    let key = Self.key(mapping, name)
    guard let binding, let instance, let key else { return nil }
    return ServiceManagerSource(binding: binding, instance: instance, key: key)
  }

  // MARK: Keys

  private static func key(_ mapping: MappingReader, _ name: String) -> PlatformKeySettings? {
    let base = base(mapping, name)
    let adopted = mapping["adopt"]?.line()
    let preset = mapping["preset"]?.choice(OfferingPreset.self)
    let parameters = mapping["parameters"].flatMap(parameters)
    let days = days(mapping, preset)
    let length = length(mapping, preset)
    guard mapping["preset"] != nil || mapping["parameters"] != nil else {
      mapping.field.report(
        "needs 'preset' or 'parameters'",
        hint: "the presets are \(OfferingPreset.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    guard let base else { return nil }
    let usual = preset?.parameters(days: days ?? 1, keyLength: length ?? 2048, base: base) ?? .object([:])
    let merged = usual.merging(parameters ?? .object([:]))
    guard preset != nil || mapping["preset"] == nil, let text = text(merged, mapping) else { return nil }
    // Own parameters may say something else of the validity than the key of the configuration.
    let validity = parameters == nil ? days.map { Duration.seconds($0 * 86_400) } : nil
    return PlatformKeySettings(
      base: base, adopted: adopted, preset: preset, parameters: text, validity: validity,
      likelyValidity: parameters == nil ? nil : merged.validity)
  }

  private static func base(_ mapping: MappingReader, _ name: String) -> String? {
    if let field = mapping["key-name"] { return field.label(longest: longestBase) }
    guard name.count <= longestBase, name.last?.isLetter == true || name.last?.isNumber == true else {
      mapping.field.report(
        "the name '\(name)' does not fit before the time in the name of a key",
        hint: "give 'key-name' with at most \(longestBase) letters, digits, '-', '_' and '.'")
      return nil
    }
    return name
  }

  private static func days(_ mapping: MappingReader, _ preset: OfferingPreset?) -> Int? {
    guard let field = mapping["validity"] else { return preset?.usualValidity }
    guard let duration = field.duration(in: Bounds.keyValidity) else { return nil }
    let (days, rest) = duration.components.seconds.quotientAndRemainder(dividingBy: 86_400)
    guard rest == 0 else {
      field.report("must be whole days", hint: "write for example 30d")
      return nil
    }
    guard let preset else {
      if mapping["preset"] == nil { reportWithoutPreset(field) }
      return nil
    }
    guard preset.validity.contains(Int(days)) else {
      field.report(
        "keys of \(preset.rawValue) are valid for \(preset.validity.lowerBound)d to \(preset.validity.upperBound)d")
      return nil
    }
    return Int(days)
  }

  private static func length(_ mapping: MappingReader, _ preset: OfferingPreset?) -> Int? {
    guard let field = mapping["key-length"] else { return nil }
    guard let length = field.integer(in: 2048...8192) else { return nil }
    guard let preset else {
      if mapping["preset"] == nil { reportWithoutPreset(field) }
      return nil
    }
    guard preset.keyLengths.contains(length) else {
      let known = preset.keyLengths.map { "\($0)" }.joined(separator: ", ")
      field.report(
        known.isEmpty
          ? "the service decides on the keys of \(preset.rawValue)"
          : "keys of \(preset.rawValue) have one of the lengths \(known)")
      return nil
    }
    return length
  }

  private static func reportWithoutPreset(_ field: Field) {
    field.report("has a meaning only beside 'preset'", hint: "put it into 'parameters' as the service takes it")
  }

  private static func text(_ parameters: ParameterValue, _ mapping: MappingReader) -> String? {
    do {
      return try parameters.json()
    } catch {
      mapping["parameters"]?.report("cannot be written as JSON: \(error)")
      return nil
    }
  }

  private static func parameters(_ field: Field) -> ParameterValue? {
    guard case .mapping = field.node.content else {
      field.report("must be a mapping, not \(field.node.kind)", hint: "write for example '{validity: 30}'")
      return nil
    }
    return value(field)
  }

  private static func value(_ field: Field) -> ParameterValue? {
    switch field.node.content {
    case .null: return .null
    case .sequence(let nodes):
      let values = nodes.enumerated().map {
        value(Field(node: $1, path: "\(field.path)[\($0)]", context: field.context))
      }
      return values.contains(nil) ? nil : .array(values.compactMap(\.self))
    case .mapping(let entries):
      var members: [String: ParameterValue] = [:]
      for entry in entries {
        guard let member = value(field.child(entry.value, entry.key)) else { return nil }
        members[entry.key] = member
      }
      return .object(members)
    case .scalar(let text):
      guard !Secrets.isPrivateKey(text) else {
        field.report("a private key must not stand in the configuration")
        return nil
      }
      guard field.node.isPlain else { return .string(text) }
      if text == "true" || text == "false" { return .flag(text == "true") }
      if let number = Int(text), text.first != "+" { return .integer(number) }
      if let number = Double(text), text.contains("."), number.isFinite { return .number(number) }
      return .string(text)
    }
  }

  // MARK: Login

  private func login(_ field: Field) -> LoginSettings? {
    MappingReader(field, KeyTable.login)?.exactlyOne(of: KeyTable.login.keys.map(\.name)) { key, value in
      switch key {
      case "user": user(value)
      case "user-certificate": userCertificate(value)
      default: client(value)
      }
    }
  }

  private func user(_ field: Field) -> LoginSettings? {
    guard let mapping = MappingReader(field, KeyTable.userLogin) else { return nil }
    let name = mapping.required("name")?.line()
    let password = mapping.required("password-credential")?.credential()
    let origin = mapping["origin"]?.label(longest: 255)
    guard let name, let password else { return nil }
    return .user(name: name, password: password, origin: origin)
  }

  private func userCertificate(_ field: Field) -> LoginSettings? {
    guard let mapping = MappingReader(field, KeyTable.userCertificateLogin) else { return nil }
    let name = mapping.required("name")?.line()
    let tenant = mapping.required("tenant")?.httpsURL()
    let certificate = credential(mapping.required("certificate-credential")) { .login($0) }
    let origin = mapping["origin"]?.label(longest: 255)
    guard let name, let tenant, let certificate else { return nil }
    return .userCertificate(name: name, tenant: tenant, certificate: certificate, origin: origin)
  }

  private func client(_ field: Field) -> LoginSettings? {
    guard let mapping = MappingReader(field, KeyTable.clientLogin) else { return nil }
    let id = mapping.required("id")?.line()
    let proof: LoginSettings.Proof? = mapping.exactlyOne(of: ["secret-credential", "certificate-credential"]) {
      key, value in
      key == "secret-credential"
        ? value.credential().map(LoginSettings.Proof.secret)
        : credential(value) { .login($0) }.map(LoginSettings.Proof.certificate)
    }
    guard let id, let proof else { return nil }
    return .client(id: id, proof: proof)
  }

  private func credential(
    _ field: Field?, _ thing: (CredentialReference) -> NamedThing
  ) -> CredentialReference? {
    guard let field, let reference = field.credential() else { return nil }
    logins.add(thing(reference), at: field)
    return reference
  }

  /// SAP Cloud Integration allows names of 32 characters, of which a hyphen and the time take 15.
  private static let longestBase = 17
}
