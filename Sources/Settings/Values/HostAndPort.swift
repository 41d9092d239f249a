// SPDX-License-Identifier: Apache-2.0

/// A host and a TCP port.
package struct HostAndPort: Sendable, Hashable {
  /// A host name in lower case, an IPv4 address, or an IPv6 address without brackets.
  package var host: String
  package var port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}

extension HostAndPort: CustomStringConvertible {
  /// `host:port`, IPv6 addresses in brackets.
  package var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
