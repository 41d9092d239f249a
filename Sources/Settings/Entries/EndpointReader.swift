// SPDX-License-Identifier: Apache-2.0

/// Reads one entry of `endpoints`.
enum EndpointReader {
  static func read(_ field: Field, name: String, _ scope: EntryScope) -> EndpointSettings? {
    let defaults = scope.defaults
    guard let mapping = MappingReader(field, KeyTable.endpoint) else { return nil }
    let address = mapping.required("url")?.address(schemes: ["https", "wss"], standardPort: 443)
    let connectTo = mapping["connect-to"]?.address(schemes: [], standardPort: address?.port ?? 443)
    var proxy = ProxyReader.read(mapping, inherited: defaults.proxy).setting
    // The proxy is asked for the place that is connected to, so that is what the list must name.
    if let target = connectTo ?? address, mapping["proxy"] == nil,
      defaults.noProxy.covers(host: target.host, port: target.port)
    {
      proxy = nil
    }
    let everyAddress = mapping["every-address"]?.flag() ?? false
    if everyAddress, mapping["proxy"] != nil, proxy != nil {
      mapping["every-address"]?.report("has no meaning through a proxy, which looks the name up itself")
    }
    let anchors = mapping["anchors"].map(Self.anchors) ?? .system
    let serverName = mapping["server-name"]?.host()
    let timeout = mapping["timeout"]?.duration(in: Bounds.timeout)
    let refetchEvery = mapping["refetch-every"]?.duration(in: Bounds.refetchEvery)
    guard let address, let anchors else { return nil }
    return EndpointSettings(
      name: name, host: address.host, port: address.port, anchors: anchors, serverName: serverName,
      connectTo: connectTo, everyAddress: everyAddress, timeout: timeout ?? defaults.timeout,
      refetchEvery: refetchEvery ?? defaults.refetchEvery, proxy: proxy, declared: field.declaration)
  }

  private static func anchors(_ field: Field) -> AnchorSettings? {
    if let word = field.scalar {
      guard word == "system" else {
        field.report("must be system, or a mapping, not '\(word)'", hint: "write {bundle: /…} or {pins: [sha256:…]}")
        return nil
      }
      return .system
    }
    return MappingReader(field, KeyTable.anchors)?.exactlyOne(of: ["bundle", "pins"]) { key, value in
      key == "pins" ? pins(value) : value.bundle().map(AnchorSettings.bundle)
    }
  }

  private static func pins(_ value: Field) -> AnchorSettings? {
    guard let pins = value.list({ $0.fingerprint() }) else { return nil }
    guard !pins.isEmpty else {
      value.report("must not be empty: no chain would fit")
      return nil
    }
    return .pins(pins)
  }
}
