// SPDX-License-Identifier: Apache-2.0

package import Host

/// One request and the limits that hold for it.
package struct HTTPRequest: Sendable {
  package var method: HTTPMethod
  /// An absolute `http` or `https` URL without user name and password.
  package var url: String
  package var headers: [HTTPHeader]
  package var body: HTTPBody
  /// A client certificate, its issuers and its unencrypted private key, as PEM in any order but leaf first.
  ///
  /// Only for `https`.
  package var clientIdentity: SecretBytes?
  /// Whom to trust as a server; there is no way not to verify.
  package var trust: HTTPTrust
  package var route: HTTPRoute
  /// Limit for all of it, from name look-up to the last byte.
  package var deadline: Duration
  /// Limit for name look-up, connection and TLS handshake.
  package var connectDeadline: Duration
  /// The request is given up once less than one byte a second arrived for this long.
  package var stallDeadline: Duration
  /// The largest body of a response, in bytes.
  package var responseLimit: Int
  /// Whether status and header fields are all that matters.
  ///
  /// The request then ends with them: nothing of the body is waited for or kept, however long it is.
  package var discardsBody: Bool
  /// Where the URL and its redirects must not lead: for a URL that a stranger chose.
  ///
  /// The address that is connected to decides, whatever name stands for it. Through a proxy only addresses that stand in the
  /// URL itself can be judged, and no redirect is followed.
  package var refusedPlaces: Set<AddressPlace>
  /// How many redirects to follow; none where a credential goes along, since it would follow too.
  package var redirectLimit: Int

  package init(
    method: HTTPMethod = .get, url: String, headers: [HTTPHeader] = [], body: HTTPBody = .none,
    clientIdentity: SecretBytes? = nil, trust: HTTPTrust = .system, route: HTTPRoute = .direct,
    deadline: Duration = .seconds(30), connectDeadline: Duration = .seconds(10),
    stallDeadline: Duration = .seconds(20), responseLimit: Int = 1 << 20, discardsBody: Bool = false,
    refusedPlaces: Set<AddressPlace> = [], redirectLimit: Int = 0
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.clientIdentity = clientIdentity
    self.trust = trust
    self.route = route
    self.deadline = deadline
    self.connectDeadline = connectDeadline
    self.stallDeadline = stallDeadline
    self.responseLimit = responseLimit
    self.discardsBody = discardsBody
    self.refusedPlaces = refusedPlaces
    self.redirectLimit = redirectLimit
  }

  /// Whether something in it must reach nobody but the host of the URL.
  var carriesCredential: Bool {
    clientIdentity != nil || body.isSecret
      || headers.contains { header in
        header.isSecret || Self.credentialHeaders.contains(header.name.lowercased())
      }
  }

  private static let credentialHeaders: Set<String> = [
    "authorization", "cookie", "proxy-authorization", "x-csrf-token",
  ]
}

/// The methods that the platform's interfaces and those of their users need (RFC 9110, section 9.3; RFC 5789).
package enum HTTPMethod: String, Sendable, CaseIterable {
  case get = "GET"
  case head = "HEAD"
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"
  case options = "OPTIONS"
}

/// One header field of a request.
package struct HTTPHeader: Sendable {
  package var name: String
  fileprivate var value: Value

  /// A header that may be seen by anybody.
  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = .plain(value)
  }

  /// A header such as `Authorization`, whose value is wiped after use.
  package init(_ name: String, secret value: SecretBytes) {
    self.name = name
    self.value = .secret(value)
  }

  fileprivate enum Value: Sendable {
    case plain(String)
    case secret(SecretBytes)
  }

  var isSecret: Bool {
    if case .secret = value { true } else { false }
  }

  /// Lends `name: value` as UTF-8; `nil` if it is no header field (RFC 9110, section 5.1 and 5.5).
  func withLine<Result>(_ body: (borrowing WipedBuffer) -> Result) -> Result? {
    guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else { return nil }
    var line = WipedBuffer()
    // An empty value needs curl's own spelling; with a colon curl would leave the header out.
    let separator: String
    switch value {
    case .plain(let text):
      separator = text.isEmpty ? ";" : ": "
      line.append(Array("\(name)\(separator)\(text)".utf8).span)
      guard text.utf8.allSatisfy(Self.isValueByte) else { return nil }
    case .secret(let bytes):
      separator = bytes.isEmpty ? ";" : ": "
      line.append(Array("\(name)\(separator)".utf8).span)
      let isValid = bytes.withSpan { span in
        line.append(span)
        return span.indices.allSatisfy { Self.isValueByte(span[$0]) }
      }
      guard isValid else { return nil }
    }
    return body(line)
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  /// No line break, which would begin another header, and no NUL, which would end the text.
  private static func isValueByte(_ byte: UInt8) -> Bool { byte == 0x09 || (byte >= 0x20 && byte != 0x7F) }
}

/// What a request carries.
package enum HTTPBody: Sendable {
  case none
  case bytes([UInt8])
  case secret(SecretBytes)

  var isSecret: Bool {
    if case .secret = self { true } else { false }
  }
}

/// Whom a client trusts as a server.
package enum HTTPTrust: Sendable, Hashable {
  /// The distribution's store.
  case system
  /// These certificates and no others, as PEM.
  case certificates([UInt8])
}

/// How a request gets to its host.
package enum HTTPRoute: Sendable {
  case direct
  case through(HTTPProxy)
  /// As `https_proxy`, `all_proxy` and `no_proxy` of the environment say (curl(1), ENVIRONMENT).
  ///
  /// Not together with ``HTTPRequest/refusedPlaces``: whether there is a proxy is not known beforehand.
  case environment

  var proxy: HTTPProxy? {
    if case .through(let proxy) = self { proxy } else { nil }
  }
}

/// An HTTP proxy: `https` goes through it by CONNECT, `http` by absolute URL (RFC 9110, sections 9.3.6 and 7.1).
package struct HTTPProxy: Sendable {
  package var host: String
  package var port: UInt16
  /// `user:password`, for basic authentication.
  package var credentials: SecretBytes?

  package init(host: String, port: UInt16, credentials: SecretBytes? = nil) {
    self.host = host
    self.port = port
    self.credentials = credentials
  }
}
