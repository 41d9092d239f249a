// SPDX-License-Identifier: Apache-2.0

/// Reads `proxy` and `proxy-credential`, which stand side by side in several mappings.
enum ProxyReader {
  /// The proxy, or `inherited` when the mapping says nothing of one.
  static func read(_ mapping: MappingReader, inherited: ProxyChoice) -> ProxyChoice {
    let credentialField = mapping["proxy-credential"]
    let credential = credentialField?.credential()
    guard let field = mapping["proxy"] else {
      credentialField?.report("is given without 'proxy'", hint: "write both, or neither to use the default proxy")
      return inherited
    }
    guard field.scalar != "none" else {
      credentialField?.report("is given although 'proxy' is none")
      return .direct
    }
    guard let address = field.address(schemes: ["http"], standardPort: nil) else { return .direct }
    return .through(ProxySetting(host: address.host, port: address.port, credential: credential))
  }
}
