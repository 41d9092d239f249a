// SPDX-License-Identifier: Apache-2.0

/// Reads one entry of `service-keys`.
enum ServiceKeyEntryReader {
  static func read(_ field: Field, name: String, _ scope: EntryScope) -> ServiceKeySettings? {
    let defaults = scope.defaults
    guard let mapping = MappingReader(field, KeyTable.serviceKey) else { return nil }
    let source = mapping.required("from").flatMap { PlatformSourceReader(logins: scope.logins).source($0, name: name) }
    let verify = mapping["verify"].map(Self.verify) ?? Self.usualVerification(source)
    let patience = mapping["verify-patience"]?.duration(in: Bounds.verifyPatience)
    let replacement = mapping["replace"]?.choice(KeyReplacement.self) ?? .createFirst
    let overlap = mapping["overlap"]?.duration(in: Bounds.overlap)
    let renewBefore = mapping["renew-before"]?.renewBefore()
    let alertBefore = mapping["alert-before"]?.alertBefore()
    let passphrase = mapping["passphrase-credential"]?.credential()
    let fields = mapping["fields"].flatMap(Self.fields)
    let proxy = ProxyReader.read(mapping, inherited: defaults.proxy)
    check(mapping, source, verify, replacement, renewBefore ?? defaults.renewBefore)
    guard let source, let verify else { return nil }
    return ServiceKeySettings(
      name: name, source: source, verify: verify, verifyPatience: patience ?? Defaults.verifyPatience,
      replacement: replacement, overlap: overlap ?? Defaults.serviceKeyOverlap,
      renewBefore: renewBefore ?? defaults.renewBefore, alertBefore: alertBefore ?? defaults.alertBefore,
      passphrase: passphrase, fields: fields ?? source.platformKey?.preset?.fields, proxy: proxy,
      // An entry's own proxy is meant, whatever the list of the default proxy says.
      noProxy: mapping["proxy"] == nil ? defaults.noProxy : NoProxyList(), declared: field.declaration)
  }

  private static func usualVerification(_ source: ServiceKeySource?) -> VerifySettings {
    source?.platformKey?.preset?.hasTokenEndpoint == false ? .none : .token
  }

  /// What is right by itself and wrong together.
  private static func check(
    _ mapping: MappingReader, _ source: ServiceKeySource?, _ verify: VerifySettings?, _ replacement: KeyReplacement,
    _ renewBefore: RenewBefore
  ) {
    guard let source else { return }
    guard let key = source.platformKey else {
      if replacement == .deleteFirst {
        mapping["replace"]?.report("has no meaning for a file", hint: "remove it")
      }
      return
    }
    if let preset = key.preset, !preset.hasTokenEndpoint, verify == .token {
      mapping["verify"]?.report("keys of \(preset.rawValue) have no token endpoint", hint: "verify a request, or none")
    }
    guard case .duration(let margin) = renewBefore else { return }
    let field = mapping["renew-before"] ?? mapping.field
    let hint = "write a percentage, such as 33%"
    if let validity = key.validity, margin >= validity {
      let (margin, validity) = (DurationText.describe(margin), DurationText.describe(validity))
      field.report(
        "keys that are valid for \(validity) cannot be renewed \(margin) before their end", hint: hint)
    } else if let validity = key.likelyValidity, margin > validity * 0.9 {
      // Only the service knows what it makes of them.
      let (margin, validity) = (DurationText.describe(margin), DurationText.describe(validity))
      field.warn(
        "keys that live for \(validity), as 'parameters' say, cannot be renewed \(margin) before their end: they are "
          + "when a third of their life is left", hint: hint)
    }
  }

  private static func verify(_ field: Field) -> VerifySettings? {
    switch field.scalar {
    case "token": return .token
    case "none": return VerifySettings.none
    case let word?:
      field.report("must be token, none, or a mapping, not '\(word)'", hint: "write {request: https://…, method: HEAD}")
      return nil
    case nil: break
    }
    guard let mapping = MappingReader(field, KeyTable.request) else { return nil }
    let method = mapping["method"]?.choice(VerifySettings.Method.self) ?? .head
    return mapping.required("request")?.httpsURL().map { .request(url: $0, method: method) }
  }

  private static func fields(_ field: Field) -> ServiceKeyFields? {
    guard let mapping = MappingReader(field, KeyTable.fields) else { return nil }
    let certificate = mapping.required("certificate").flatMap(dottedPath)
    let key = mapping.required("key").flatMap(dottedPath)
    guard let certificate, let key else { return nil }
    return ServiceKeyFields(certificate: certificate, key: key)
  }

  private static func dottedPath(_ field: Field) -> String? {
    guard let text = field.line() else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 16, parts.allSatisfy({ !$0.isEmpty }) else {
      field.report("'\(text)' is no dotted path", hint: "write for example messaging.0.oa2.certificate")
      return nil
    }
    return text
  }
}
