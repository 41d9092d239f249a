// SPDX-License-Identifier: Apache-2.0

/// The `no-proxy` list: hosts that are reached without the proxy.
///
/// An entry is a host name (which covers its subdomains too), `.domain` or `*.domain` (only the subdomains), an IP
/// address, a network such as `10.0.0.0/8`, `*` for everything; any of them but `*` may end in `:port`.
package struct NoProxyList: Sendable, Hashable {
  /// As written.
  package var entries: [String]

  package init(_ entries: [String] = []) {
    self.entries = entries
  }

  /// Whether connections to this host and port go without the proxy.
  package func covers(host: String, port: UInt16) -> Bool {
    entries.contains { Self.entry($0, covers: host.lowercased(), port: port) }
  }

  private static func entry(_ entry: String, covers host: String, port: UInt16) -> Bool {
    guard entry != "*" else { return true }
    guard let (pattern, wantedPort) = split(entry), wantedPort == nil || wantedPort == port else { return false }
    if let network = AddressRange(pattern) {
      return AddressRange(host).map(network.contains) ?? false
    }
    let name = pattern.lowercased()
    if name.hasPrefix("*.") { return host.hasSuffix(name.dropFirst()) }
    if name.hasPrefix(".") { return host.hasSuffix(name) }
    return host == name || host.hasSuffix(".\(name)")
  }

  /// Parts an entry into its pattern and its port; nil when the port is none.
  static func split(_ entry: String) -> (pattern: String, port: UInt16?)? {
    if entry.hasPrefix("[") {
      guard let end = entry.firstIndex(of: "]") else { return nil }
      let inner = String(entry[entry.index(after: entry.startIndex)..<end])
      let rest = entry[entry.index(after: end)...]
      guard !rest.isEmpty else { return (inner, nil) }
      guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()) else { return nil }
      return (inner, port)
    }
    let colons = entry.count { $0 == ":" }
    guard colons == 1, let colon = entry.firstIndex(of: ":") else { return (entry, nil) }
    guard let port = UInt16(entry[entry.index(after: colon)...]) else { return nil }
    return (String(entry[..<colon]), port)
  }
}
