// SPDX-License-Identifier: Apache-2.0

/// Reads a keystore's `confirm`.
struct ConfirmReader {
  let scope: EntryScope
  /// What the keystore holds, as far as its other keys could be read.
  let identity: IdentitySource?
  let hasIdentity: Bool
  let trust: TrustSettings
  let files: [FileSettings]

  func read(_ field: Field) -> ConfirmSettings? {
    guard let mapping = MappingReader(field, KeyTable.confirm) else { return nil }
    let patience = mapping["patience"]?.duration(in: Bounds.confirmPatience)
    let endpoints = mapping["endpoints"].flatMap(endpoints)
    let use = mapping["identity"].flatMap(identityUse)
    let served = mapping["served"].flatMap(served)
    let settings = ConfirmSettings(
      patience: patience ?? Defaults.confirmPatience, endpoints: endpoints ?? [], identity: use, served: served ?? [])
    if !mapping.hasUnknownKeys, ["endpoints", "identity", "served"].allSatisfy({ mapping[$0] == nil }) {
      field.report("names nothing to try", hint: "give 'endpoints', 'identity' or 'served', or leave 'confirm' out")
    }
    return settings
  }

  private func endpoints(_ field: Field) -> [String]? {
    if !files.isEmpty, !files.contains(where: \.format.holdsTrust) {
      field.report("has nothing to judge by: none of the files holds a trust list")
      return nil
    }
    if let word = field.scalar {
      guard word == "all" else {
        field.report("must be all, or a list of names, not '\(word)'", hint: "write [\(word)]")
        return nil
      }
      if trust.endpoints.isEmpty {
        field.report("the keystore trusts no endpoint by name", hint: "name one in 'endpoints' under 'trust'")
      }
      return trust.endpoints
    }
    let names = field.list { element -> String? in
      guard let name = scope.endpoint(element) else { return nil }
      guard trust.endpoints.contains(name) else {
        element.report(
          "the keystore does not trust endpoint '\(name)'",
          hint: "name it in 'endpoints' under 'trust', or remove it here")
        return nil
      }
      return name
    }
    if names?.isEmpty == true { field.report("must not be empty", hint: "write all, or a list of names") }
    var seen: Set<String> = []
    return names?.filter { seen.insert($0).inserted }
  }

  private func identityUse(_ field: Field) -> ConfirmSettings.IdentityUse? {
    guard hasIdentity, files.isEmpty || files.contains(where: \.format.holdsKey) else {
      field.report(
        "has nothing to try: the files hold no private key", hint: "give the keystore an 'identity', or remove this")
      return nil
    }
    if let word = field.scalar {
      guard word == "token" else {
        field.report("must be token, or a mapping, not '\(word)'", hint: "write {request: https://…, method: HEAD}")
        return nil
      }
      return token(field)
    }
    guard let mapping = MappingReader(field, KeyTable.confirmedRequest) else { return nil }
    let method = mapping["method"]?.choice(VerifySettings.Method.self) ?? .head
    return mapping.required("request")?.httpsURL().map { .request(url: $0, method: method) }
  }

  private func token(_ field: Field) -> ConfirmSettings.IdentityUse? {
    guard case .serviceKey(let name) = identity else {
      field.report("only a service key names a token endpoint", hint: "write {request: https://…, method: HEAD}")
      return nil
    }
    let preset = scope.serviceKeys.first { $0.name == name }?.source.platformKey?.preset
    if let preset, !preset.hasTokenEndpoint {
      field.report(
        "keys of \(preset.rawValue) have no token endpoint", hint: "write {request: https://…, method: HEAD}")
      return nil
    }
    return .token
  }

  private func served(_ field: Field) -> [ServedPlace]? {
    guard hasIdentity, files.isEmpty || files.contains(where: \.format.holdsCertificate) else {
      field.report(
        "has nothing to compare with: the files hold no certificate",
        hint: "give the keystore an 'identity', or remove this")
      return nil
    }
    guard case .sequence = field.node.content else { return Self.place(field).map { [$0] } }
    let places = field.list(Self.place)
    if places?.isEmpty == true { field.report("must not be empty", hint: "write host:port") }
    var seen: Set<ServedPlace> = []
    return places?.filter { seen.insert($0).inserted }
  }

  private static func place(_ field: Field) -> ServedPlace? {
    guard case .mapping = field.node.content else { return address(field).map { ServedPlace(address: $0) } }
    guard let mapping = MappingReader(field, KeyTable.served) else { return nil }
    let name = mapping["server-name"]?.host()
    return mapping.required("address").flatMap(address).map { ServedPlace(address: $0, serverName: name) }
  }

  private static func address(_ field: Field) -> HostAndPort? { field.address(schemes: [], standardPort: 443) }
}

extension FileFormatSettings {
  /// Whether it has a trust list in it.
  fileprivate var holdsTrust: Bool {
    switch self {
    case .pse, .caDirectory, .javaTruststore: true
    case .pem, .pfx: false
    }
  }

  /// Whether it holds the certificate of an identity.
  fileprivate var holdsCertificate: Bool {
    switch self {
    case .pse, .pfx: true
    case .pem(let pem): pem.certificate != nil
    case .caDirectory, .javaTruststore: false
    }
  }

  /// Whether it holds the private key of an identity.
  fileprivate var holdsKey: Bool {
    switch self {
    case .pse, .pfx: true
    case .pem(let pem): pem.key != nil
    case .caDirectory, .javaTruststore: false
    }
  }
}
