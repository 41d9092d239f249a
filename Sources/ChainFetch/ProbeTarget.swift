// SPDX-License-Identifier: Apache-2.0

package import Host

/// A TLS server to ask for its chain, and how it is reached.
package struct ProbeTarget: Sendable {
  /// The endpoint's name, for whoever reads the result.
  package var endpoint: String
  /// A DNS name or an IP address.
  package var host: String
  package var port: UInt16
  /// The name for server name indication; `nil`: `host`, where that is a name.
  package var serverName: String?
  /// Where to connect in place of `host` and `port`.
  package var connectTo: HostPort?
  /// Ask each address of the name and compare the answers.
  ///
  /// Has no effect through a proxy, which chooses the address.
  package var everyAddress: Bool
  package var proxy: ProxySettings?
  package var deadlines: ProbeDeadlines

  package init(
    endpoint: String, host: String, port: UInt16 = 443, serverName: String? = nil, connectTo: HostPort? = nil,
    everyAddress: Bool = false, proxy: ProxySettings? = nil, deadlines: ProbeDeadlines = ProbeDeadlines()
  ) {
    self.endpoint = endpoint
    self.host = host
    self.port = port
    self.serverName = serverName
    self.connectTo = connectTo
    self.everyAddress = everyAddress
    self.proxy = proxy
    self.deadlines = deadlines
  }

  /// Where the connection, or the tunnel through the proxy, ends.
  var destination: HostPort { connectTo ?? HostPort(host: host, port: port) }

  /// What goes into the `server_name` extension; addresses are not allowed there (RFC 6066, section 3).
  var indicatedName: String? {
    var name = serverName ?? host
    guard !name.isEmpty, SocketAddress(literal: name, port: 0) == nil else { return nil }
    if name.hasSuffix(".") { name.removeLast() }
    return name
  }
}

/// A host, by name or address, and a TCP port.
package struct HostPort: Hashable, Sendable, CustomStringConvertible {
  package var host: String
  package var port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Such as `host.example:443` or `[::1]:443`.
  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// An HTTP proxy that makes tunnels (RFC 9110, section 9.3.6).
package struct ProxySettings: Sendable {
  package var host: String
  package var port: UInt16
  /// `user:password` in UTF-8, for basic authentication (RFC 7617).
  package var credentials: SecretBytes?

  package init(host: String, port: UInt16, credentials: SecretBytes? = nil) {
    self.host = host
    self.port = port
    self.credentials = credentials
  }

  var address: HostPort { HostPort(host: host, port: port) }
}

/// How long the parts of a probe may take.
///
/// All start when the probe begins to run: waiting for its turn does not count.
package struct ProbeDeadlines: Hashable, Sendable {
  package var lookup: Duration
  /// Until one address has answered; once more for the proxy's answer.
  package var connect: Duration
  package var handshake: Duration
  /// All of it, per address.
  package var whole: Duration

  package init(
    lookup: Duration = .seconds(5), connect: Duration = .seconds(5), handshake: Duration = .seconds(10),
    whole: Duration = .seconds(15)
  ) {
    self.lookup = lookup
    self.connect = connect
    self.handshake = handshake
    self.whole = whole
  }
}
