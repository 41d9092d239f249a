// SPDX-License-Identifier: Apache-2.0

package import ChainFetch
package import Settings

extension ProbeTarget {
  /// The target that an endpoint's settings describe.
  ///
  /// - Throws: ``CredentialError`` when the proxy's credential cannot be read.
  package init(_ endpoint: EndpointSettings, credentials: CredentialStore) throws(CredentialError) {
    // Who gives a slow server more time means every part of the probe.
    let part = endpoint.timeout / 3
    let deadlines = ProbeDeadlines(lookup: part, connect: part, handshake: part * 2, whole: endpoint.timeout)
    self.init(
      endpoint: endpoint.name, host: endpoint.host, port: endpoint.port, serverName: endpoint.serverName,
      connectTo: endpoint.connectTo.map { HostPort(host: $0.host, port: $0.port) },
      everyAddress: endpoint.everyAddress,
      proxy: try endpoint.proxy.map { proxy throws(CredentialError) in
        ProxySettings(
          host: proxy.host, port: proxy.port,
          credentials: try proxy.credential.map { reference throws(CredentialError) in
            try credentials.secret(reference)
          })
      }, deadlines: deadlines)
  }
}
