// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import Host
package import OpenSSLBridge
package import SystemPackage

/// What a probe was doing.
package enum ProbePhase: String, Hashable, Sendable {
  case lookup, connect, proxy, handshake
}

/// Why a probe brought no chain, or why it ended although the chain was seen.
package struct ProbeFailure: Error, Hashable, Sendable {
  /// What happened.
  package enum Kind: Hashable, Sendable {
    case lookupFailed(NameLookupError)
    /// Every look-up thread waits for a resolver that does not answer.
    case lookupStuck(threads: Int)
    /// Nobody listens at the port.
    case refused
    case unreachable(Errno)
    case timedOut(TimeLimit, after: Duration)
    case reset
    /// The peer closed the connection in good order, too early.
    case closed
    case notTLS(String)
    case alert(TLSAlert)
    /// The handshake had no certificate in it.
    case chainEmpty
    /// The chain has more bytes or certificates than are read.
    case tooLarge
    /// OpenSSL's complaint: the server breaks the protocol, or shares no version or algorithm with this host.
    case protocolViolation(String)
    case certificateUnreadable(String)
    /// The proxy's status other than 2xx and 407.
    case proxyRefused(status: Int)
    /// The proxy wants credentials, or other ones (407).
    case proxyAuthentication(credentialsGiven: Bool)
    /// What the proxy sent is no HTTP answer.
    case proxyMalformed(String)
    /// This host failed: no descriptors, no memory, no permission.
    case local(String)
    /// Whoever asked does not want to know any more.
    case cancelled
  }

  /// Which deadline of ``ProbeDeadlines`` passed.
  package enum TimeLimit: String, Hashable, Sendable {
    case lookup, connect, proxy, handshake, whole
  }

  package let kind: Kind
  /// What the probe was doing then.
  package let phase: ProbePhase
  /// The server that was to be reached.
  package let server: HostPort
  /// The proxy on the way to it.
  package let proxy: HostPort?
  /// The address that was talked to, if it got that far.
  package let address: String?

  package init(kind: Kind, phase: ProbePhase, server: HostPort, proxy: HostPort? = nil, address: String? = nil) {
    self.kind = kind
    self.phase = phase
    self.server = server
    self.proxy = proxy
    self.address = address
  }

  /// Whether the proxy rather than the server was being talked to.
  private var concernsProxy: Bool { proxy != nil && phase != .handshake }

  /// Who has to act.
  package var culprit: Culprit {
    switch kind {
    case .lookupFailed(.unknownName), .proxyAuthentication: .configuration
    case .lookupFailed, .unreachable, .proxyRefused, .proxyMalformed: .network
    case .lookupStuck, .local: .host
    case .cancelled: .certrotd
    case .timedOut(let limit, _):
      limit == .handshake || (limit == .whole && phase == .handshake) ? .server : .network
    case .refused, .reset, .closed: concernsProxy ? .network : .server
    case .notTLS, .alert, .chainEmpty, .tooLarge, .protocolViolation, .certificateUnreadable: .server
    }
  }

  /// A stable word for records and filters, such as `timed-out.handshake` or `alert.40`.
  package var code: String {
    switch kind {
    case .lookupFailed(.unknownName): "lookup.unknown-name"
    case .lookupFailed(.temporary): "lookup.temporary"
    case .lookupFailed(.other): "lookup.failed"
    case .lookupStuck: "lookup.stuck"
    case .refused: "refused"
    case .unreachable: "unreachable"
    case .timedOut(let limit, _): "timed-out.\(limit.rawValue)"
    case .reset: "reset.\(phase.rawValue)"
    case .closed: "closed.\(phase.rawValue)"
    case .notTLS: "not-tls"
    case .alert(let alert): "alert.\(alert.number)"
    case .chainEmpty: "chain.empty"
    case .tooLarge: "chain.too-large"
    case .protocolViolation: "protocol"
    case .certificateUnreadable: "certificate.unreadable"
    case .proxyRefused(let status): "proxy.refused.\(status)"
    case .proxyAuthentication: "proxy.authentication"
    case .proxyMalformed: "proxy.malformed"
    case .local: "local"
    case .cancelled: "cancelled"
    }
  }
}

extension ProbeFailure: CustomStringConvertible {
  /// One sentence for the operator: whom it concerns, what happened, and what to look at.
  package var description: String { "\(subject): \(sentence)" }

  private var subject: String {
    let peer = concernsProxy ? proxy ?? server : server
    let role = concernsProxy ? "proxy \(peer) on the way to \(server)" : "\(peer)"
    // An address that says no more than the name would only be noise.
    guard let address, address != peer.host else { return role }
    return "\(role) (address \(address))"
  }

  private var sentence: String {
    switch kind {
    case .lookupFailed(.unknownName): "the name is unknown to DNS or has no address; check its spelling"
    case .lookupFailed(.temporary): "the name look-up got no answer; check the DNS servers in /etc/resolv.conf"
    case .lookupFailed(.other(let reason)): "the name look-up failed: \(reason)"
    case .lookupStuck(let threads):
      "the name was not looked up, since all \(threads) look-up threads wait for a resolver that does not answer; "
        + "check the DNS servers in /etc/resolv.conf"
    case .refused: "the connection was refused: nothing listens at this port"
    case .unreachable(let errno): "there is no way to this address: \(errno.description) (\(errno.symbol))"
    case .timedOut(let limit, let time): timeoutSentence(limit, time)
    case .reset: "the connection was reset \(during)"
    case .closed: "the connection was closed by the other side \(during)"
    case .notTLS(let what): "this port does not speak TLS: \(what)"
    case .alert(let alert): "the server ended the handshake with \(alert)"
    case .chainEmpty: "the server sent no certificate"
    case .tooLarge: "the server's chain is larger than certrotd reads"
    case .protocolViolation(let reason): "the handshake failed: \(reason)"
    case .certificateUnreadable(let reason): "a certificate of the server's chain cannot be read: \(reason)"
    case .proxyRefused(let status): "it refused the tunnel with HTTP status \(status)"
    case .proxyAuthentication(let given):
      given
        ? "it does not accept the configured credentials (HTTP status 407)"
        : "it wants credentials, and none are configured (HTTP status 407)"
    case .proxyMalformed(let what): "it did not answer as an HTTP proxy: \(what)"
    case .local(let reason): "this host failed \(during): \(reason)"
    case .cancelled: "the probe was cancelled \(during)"
    }
  }

  private var during: String {
    switch phase {
    case .lookup: "during the name look-up"
    case .connect: "while connecting"
    case .proxy: "while asking for the tunnel"
    case .handshake: "during the TLS handshake"
    }
  }

  private func timeoutSentence(_ limit: TimeLimit, _ time: Duration) -> String {
    let seconds = "\(time)"
    return switch limit {
    case .lookup: "the name look-up took longer than \(seconds)"
    case .connect: "no connection within \(seconds); a firewall may drop the packets"
    case .proxy: "it gave no answer to the tunnel request within \(seconds)"
    case .handshake: "the TLS handshake was not finished within \(seconds)"
    case .whole: "not finished within \(seconds); the time ran out \(during)"
    }
  }
}
