// SPDX-License-Identifier: Apache-2.0

/// Hosts, ports and URLs.
extension Field {
  /// A host with a port: `https://host:port/…`, `host:port`, `host`.
  ///
  /// One of `schemes` may stand in front. An address without a port gets `standardPort`; where that is nil, it is a
  /// mistake.
  func address(schemes: [String], standardPort: UInt16?) -> HostAndPort? {
    guard let text = line() else { return nil }
    guard let address = AddressText(text) else {
      report("is no address", hint: "write host, host:port, or [address]:port")
      return nil
    }
    guard !address.hasUserInfo else {
      report("an address must not hold a user or password", hint: "name them in a '…-credential' key")
      return nil
    }
    if let scheme = address.scheme, !schemes.contains(scheme) {
      let known = schemes.map { "\($0)://" }.joined(separator: ", ")
      let advice = known.isEmpty ? "write host:port without a scheme" : "use \(known), or write host:port"
      report("the scheme '\(scheme)' is not supported here", hint: advice)
      return nil
    }
    guard let host = Self.normalizedHost(address.host) else {
      let isForeign = address.host.contains { !$0.isASCII }
      report(
        "'\(address.host)' is no host name and no address",
        hint: isForeign ? "write names with foreign letters in their xn-- form" : nil)
      return nil
    }
    guard let portText = address.port else {
      guard let standardPort else {
        report("names no port", hint: "write \(host):PORT")
        return nil
      }
      return HostAndPort(host: host, port: standardPort)
    }
    guard let port = UInt16(portText), port > 0, portText.allSatisfy(\.isNumber) else {
      // Not quoted: behind the colon of a damaged URL may stand a password.
      report("what stands behind the colon is no port", hint: "ports are numbers from 1 to 65535")
      return nil
    }
    return HostAndPort(host: host, port: port)
  }

  /// A host name or an address without a port.
  func host() -> String? {
    guard let text = line() else { return nil }
    guard let host = Self.normalizedHost(text) else {
      report("'\(text)' is no host name and no address", hint: Self.bareHostAdvice(text))
      return nil
    }
    return host
  }

  /// What to write in place of a URL or of a host with a port.
  private static func bareHostAdvice(_ text: String) -> String? {
    guard text.contains("://") || text.contains("/") || text.contains(":"), let address = AddressText(text),
      !address.hasUserInfo, let host = normalizedHost(address.host)
    else { return nil }
    return "write the name alone: \(host)"
  }

  /// The text of an `https://` URL.
  func httpsURL() -> String? {
    guard let text = line() else { return nil }
    guard text.lowercased().hasPrefix("https://"), !text.contains(where: \.isWhitespace) else {
      report("must be a URL that begins with https://")
      return nil
    }
    return address(schemes: ["https"], standardPort: 443) == nil ? nil : text
  }

  /// An `https://` URL of which host and port matter alone, as `https://host[:port]`: whatever leads to one place is equal.
  func httpsOrigin() -> String? {
    guard httpsURL() != nil, let place = address(schemes: ["https"], standardPort: 443) else { return nil }
    let host = place.host.contains(":") ? "[\(place.host)]" : place.host
    return place.port == 443 ? "https://\(host)" : "https://\(host):\(place.port)"
  }

  /// An entry of a `no-proxy` list.
  func noProxyEntry() -> String? {
    guard let text = line() else { return nil }
    guard text != "*" else { return text }
    if let (pattern, _) = NoProxyList.split(text) {
      if AddressRange(pattern) != nil { return text }
      let name =
        pattern.hasPrefix("*.") ? pattern.dropFirst(2) : pattern.hasPrefix(".") ? pattern.dropFirst() : pattern[...]
      if Self.normalizedHost(String(name)) != nil { return text }
    }
    report("'\(text)' is no host, domain, address or network", hint: Self.bareHostAdvice(text))
    return nil
  }

  /// A host name in lower case without final dot (RFC 1123, section 2.1, with the underscore that some names have), an
  /// IPv4 address, or an IPv6 address without brackets; nil for anything else.
  static func normalizedHost(_ text: String) -> String? {
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    if let address = AddressRange(bare) { return address.isSingle && !bare.contains("/") ? bare.lowercased() : nil }
    let name = (bare.hasSuffix(".") ? String(bare.dropLast()) : bare).lowercased()
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let areLabels = labels.allSatisfy { label in
      (1...63).contains(label.count) && label.first != "-" && label.last != "-"
        && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
    // A last label of digits would be an IPv4 address with a slip in it.
    guard areLabels, name.count <= 253, labels.last?.allSatisfy(\.isNumber) == false else { return nil }
    return name
  }
}

extension HostAndPort {
  /// Reads `host`, `host:port`, `[address]:port` or an https URL, as `url` of an endpoint is read; nil for anything else,
  /// such as another scheme or an address with a password.
  ///
  /// - Parameter text: as an operator writes it; port 443 unless it names one.
  package init?(address text: String) {
    guard let address = AddressText(text), !address.hasUserInfo, ["https", "wss"].contains(address.scheme ?? "https"),
      let host = Field.normalizedHost(address.host), let port = UInt16(address.port ?? "443"), port > 0
    else { return nil }
    self.init(host: host, port: port)
  }

  /// A host name or address without a port, as `server-name` of an endpoint is read; nil for anything else.
  package static func host(_ text: String) -> String? { Field.normalizedHost(text) }
}

extension ProxySetting {
  /// Reads `http://host:port`, as `proxy` is read; nil for anything else, such as an address with a password.
  package init?(address text: String) {
    guard let address = AddressText(text), !address.hasUserInfo, address.scheme ?? "http" == "http",
      let host = Field.normalizedHost(address.host), let port = address.port.flatMap({ UInt16($0) }), port > 0
    else { return nil }
    self.init(host: host, port: port)
  }
}

/// The parts of an address as they stand in the text (RFC 3986, section 3), not judged.
private struct AddressText {
  var scheme: String?
  var hasUserInfo: Bool
  var host: String
  var port: String?

  init?(_ text: String) {
    var rest = text[...]
    if let end = rest.firstRange(of: "://") {
      scheme = rest[..<end.lowerBound].lowercased()
      rest = rest[end.upperBound...]
    }
    let authority = rest.prefix { !"/?#".contains($0) }
    let hostAndPort = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    hasUserInfo = authority.contains("@")
    if hostAndPort.hasPrefix("[") {
      guard let end = hostAndPort.firstIndex(of: "]") else { return nil }
      host = String(hostAndPort[...end])
      let behind = hostAndPort[hostAndPort.index(after: end)...]
      guard behind.isEmpty || behind.hasPrefix(":") else { return nil }
      port = behind.isEmpty ? nil : String(behind.dropFirst())
    } else if hostAndPort.count(where: { $0 == ":" }) > 1 {
      // An IPv6 address without brackets has no room for a port.
      host = String(hostAndPort)
    } else {
      let parts = hostAndPort.split(separator: ":", omittingEmptySubsequences: false)
      host = parts.first.map(String.init) ?? ""
      port = parts.count > 1 ? String(parts[1]) : nil
    }
  }
}
