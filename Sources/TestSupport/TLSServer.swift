// SPDX-License-Identifier: Apache-2.0

/// A real OpenSSL server in this process, on loopback, that behaves as badly as it is told to.
///
/// It runs from `init` until ``stop()`` or until nobody holds it any more. Identity and behaviour may change at any
/// time; a connection keeps those it began with.
package final class TLSServer: Sendable {
  /// The first address it listens at, such as `127.0.0.1`.
  package let address: String
  private let listener: LoopbackListener
  private let identities: TLSServerIdentities
  private let behaviour: CurrentBehaviour
  private let gate: ReleaseGate

  /// Starts to listen.
  ///
  /// - Parameters:
  ///   - identity: What it shows unless a server name or an address has its own.
  ///   - behaviour: How it treats whoever connects.
  ///   - options: Versions, ciphers, client certificates.
  ///   - addresses: Loopback addresses, all on one port.
  ///   - port: 0 lets the kernel choose.
  /// - Throws: `TestServerError`, or `SystemError` when an address is taken.
  package init(
    identity: TLSServerIdentity, behaviour: TLSServerBehaviour = .serve, options: TLSServerOptions = TLSServerOptions(),
    addresses: [String] = ["127.0.0.1"], port: UInt16 = 0
  ) throws {
    let identities = TLSServerIdentities(usual: try LoadedIdentity(identity))
    let context = try TLSServerContext(options: options, identities: identities)
    let gate = try ReleaseGate()
    let current = CurrentBehaviour(behaviour)
    self.identities = identities
    self.gate = gate
    self.behaviour = current
    address = addresses.first ?? "127.0.0.1"
    listener = try LoopbackListener(addresses: addresses, port: port) { connection in
      TLSServerPeer(connection: connection, context: context, gate: gate).run(current.value)
    }
  }

  /// The port of every address.
  package var port: UInt16 { listener.port }

  /// Shows another identity from the next connection on.
  package func setIdentity(_ identity: TLSServerIdentity) throws {
    identities.setUsual(try LoadedIdentity(identity))
  }

  /// Shows another identity to those who ask for `serverName` (RFC 6066, section 3).
  package func setIdentity(_ identity: TLSServerIdentity, serverName: String) throws {
    identities.set(try LoadedIdentity(identity), serverName: serverName)
  }

  /// Shows another identity at one of the addresses.
  package func setIdentity(_ identity: TLSServerIdentity, address: String) throws {
    identities.set(try LoadedIdentity(identity), address: address)
  }

  /// Behaves otherwise from the next connection on.
  package func setBehaviour(_ behaviour: TLSServerBehaviour) { self.behaviour.value = behaviour }

  /// Lets go all connections that ``TLSServerBehaviour/serveWhenReleased`` holds, and holds none any more.
  package func release() { gate.open() }

  /// How many connections it has accepted.
  package var acceptedConnections: Int { listener.accepted }

  /// The most connections it had open at one time.
  package var peakConnections: Int { listener.peak }

  /// The server names that clients asked for, in order; `nil` for a client that named none.
  package var serverNamesSeen: [String?] { identities.namesSeen }

  /// The certificate that the latest client presented to ``TLSServerBehaviour/answer(_:)``, as DER; `nil` for none.
  package var clientCertificateSeen: [UInt8]? { identities.clientCertificate }

  /// Returns once it has accepted this many connections, or was stopped.
  package func acceptedConnections(reach count: Int) async { await listener.accepted(reach: count) }

  /// Closes every connection and waits for every thread.
  package func stop() {
    gate.open()
    listener.stop()
  }

  deinit { stop() }
}
