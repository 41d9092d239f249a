// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import SystemPackage

/// One entry of `endpoints`: a TLS server that is tracked.
package struct EndpointSettings: Sendable, Equatable {
  package var name: String
  /// A host name in lower case, an IPv4 address, or an IPv6 address without brackets.
  package var host: String
  package var port: UInt16
  package var anchors: AnchorSettings
  /// The name to send by SNI and to verify, where it is not `host`.
  package var serverName: String?
  /// Where to connect to, where that is not `host` and `port`.
  package var connectTo: HostAndPort?
  /// Whether every address that the name resolves to is probed.
  package var everyAddress: Bool
  /// Limit for one whole probe.
  package var timeout: Duration
  package var refetchEvery: Duration
  /// The proxy to use: the endpoint's own or the default one; nil also when `no-proxy` covers the endpoint.
  package var proxy: ProxySetting?
  package var declared: Declaration

  package init(
    name: String, host: String, port: UInt16 = 443, anchors: AnchorSettings = .system, serverName: String? = nil,
    connectTo: HostAndPort? = nil, everyAddress: Bool = false, timeout: Duration = Defaults.timeout,
    refetchEvery: Duration = Defaults.refetchEvery, proxy: ProxySetting? = nil, declared: Declaration = .nowhere
  ) {
    self.name = name
    self.host = host
    self.port = port
    self.anchors = anchors
    self.serverName = serverName
    self.connectTo = connectTo
    self.everyAddress = everyAddress
    self.timeout = timeout
    self.refetchEvery = refetchEvery
    self.proxy = proxy
    self.declared = declared
  }
}

/// The trust anchor set that an endpoint's path may end in.
package enum AnchorSettings: Sendable, Hashable {
  /// The distribution's store.
  case system
  /// A PEM, DER or PKCS #7 file, or a folder of such files.
  case bundle(FilePath)
  /// The SHA-256 fingerprints of which one must occur in the path.
  case pins([Fingerprint])
}
