// SPDX-License-Identifier: Apache-2.0

package import Certificates

/// Why there is no response.
///
/// The description is one sentence for an operator. It names the host, never the path or the query of the URL, in which
/// secrets may stand, and nothing that was sent.
package enum HTTPFailure: Error, Sendable, Equatable {
  /// The request cannot be sent as it is; the sentence says why.
  case invalidRequest(String)
  /// The client certificate or its key cannot be used.
  case unusableIdentity(host: String, detail: String)
  /// The trusted certificates cannot be used.
  case unusableTrust(detail: String)
  case lookupFailed(host: String)
  case proxyLookupFailed(proxy: String)
  /// No connection to the host, or to the proxy if there is one.
  case connectFailed(host: String, detail: String)
  /// The proxy answered CONNECT with this status.
  case proxyRefused(proxy: String, status: Int)
  case proxyAuthentication(proxy: String)
  /// What the proxy answered to CONNECT is no answer.
  case proxyMalformed(proxy: String, detail: String)
  case timedOut(host: String, detail: String)
  /// The server's certificate does not verify.
  case untrusted(host: String, detail: String)
  case handshakeFailed(host: String, detail: String)
  /// The server does not accept the client certificate, or wants one.
  case identityRefused(host: String, detail: String)
  /// The connection ended before the response did.
  case connectionLost(host: String, detail: String)
  case notHTTP(host: String, detail: String)
  /// The body is larger than this many bytes.
  case responseTooLarge(host: String, limit: Int)
  case headersTooLarge(host: String)
  case tooManyRedirects(host: String, limit: Int)
  /// A redirect to something other than what the request may reach.
  case redirectRefused(host: String)
  /// The URL leads to a place of ``HTTPRequest/refusedPlaces``.
  case addressRefused(host: String, address: String)
  case cancelled
  /// The client was shut down.
  case shutDown
  /// Something that libcurl should not have met.
  case unexpected(detail: String)

  /// Who is at fault.
  package var culprit: Culprit {
    switch self {
    case .invalidRequest, .unusableIdentity, .unusableTrust, .proxyAuthentication, .proxyLookupFailed: .configuration
    case .lookupFailed, .connectFailed, .proxyRefused, .proxyMalformed, .timedOut: .network
    case .untrusted, .handshakeFailed, .connectionLost, .notHTTP, .responseTooLarge, .headersTooLarge,
      .tooManyRedirects, .redirectRefused, .addressRefused:
      .server
    case .identityRefused: .platform
    case .cancelled, .shutDown, .unexpected: .certrotd
    }
  }
}

extension HTTPFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .invalidRequest(let sentence): sentence
    case .unusableIdentity(let host, let detail): "the client certificate for \(host) cannot be used: \(detail)"
    case .unusableTrust(let detail): "the trusted certificates cannot be used: \(detail)"
    case .lookupFailed(let host): "\(host) has no address: check the name and the name servers"
    case .proxyLookupFailed(let proxy): "the proxy \(proxy) has no address: check its name"
    case .connectFailed(let host, let detail): "no connection to \(host): \(detail)"
    case .proxyRefused(let proxy, let status): "the proxy \(proxy) refused the connection with status \(status)"
    case .proxyAuthentication(let proxy): "the proxy \(proxy) does not accept the credentials"
    case .proxyMalformed(let proxy, let detail):
      "what the proxy \(proxy) answered to CONNECT cannot be used: \(detail)"
    case .timedOut(let host, let detail): "\(host) did not answer in time: \(detail)"
    case .untrusted(let host, let detail): "the certificate of \(host) does not verify: \(detail)"
    case .handshakeFailed(let host, let detail): "the TLS handshake with \(host) failed: \(detail)"
    case .identityRefused(let host, let detail): "\(host) does not accept the client certificate: \(detail)"
    case .connectionLost(let host, let detail):
      "\(host) ended the connection before its response was complete: \(detail)"
    case .notHTTP(let host, let detail): "what \(host) sent is no HTTP response: \(detail)"
    case .responseTooLarge(let host, let limit): "the response of \(host) is larger than \(limit) bytes"
    case .headersTooLarge(let host): "the response of \(host) has too many or too long header fields"
    case .tooManyRedirects(let host, let limit): "\(host) redirects more than \(limit) times"
    case .redirectRefused(let host): "\(host) redirects to an address that must not be followed"
    case .addressRefused(let host, let address):
      "\(host) leads to \(address), which a stranger must not make this host connect to"
    case .cancelled: "the request was cancelled"
    case .shutDown: "the request was given up since certrotd ends"
    case .unexpected(let detail): "the HTTP library failed: \(detail)"
    }
  }
}
