// SPDX-License-Identifier: Apache-2.0

import CCurl
import Host

/// A request in libcurl's options (curl_easy_setopt(3)).
extension Transfer {
  func configure() throws(HTTPFailure) {
    try setProtocol()
    try setLimits()
    try setTLS()
    try setProxy()
    try refuseNamedPlaces()
    try setRedirects()
    try setBody()
    try setHeaders()
  }

  private func setProtocol() throws(HTTPFailure) {
    try unsafe easy.set(CURLOPT_CURLU, pointer: UnsafeMutableRawPointer(url.pointer))
    try easy.set(CURLOPT_PROTOCOLS_STR, "http,https")
    // The process has signal handlers of its own, and several threads.
    try easy.set(CURLOPT_NOSIGNAL, 1)
    try easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    try easy.set(CURLOPT_HTTP09_ALLOWED, 0)
    try easy.set(CURLOPT_HTTP_CONTENT_DECODING, 0)
    try easy.set(CURLOPT_NETRC, 0)
    // The URL was checked; this is for redirects.
    try easy.set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
    try easy.set(CURLOPT_USERAGENT, "certrotd")
    // Each request proves its own identity to the server, which a connection or session of an earlier one would not.
    try easy.set(CURLOPT_FRESH_CONNECT, 1)
    try easy.set(CURLOPT_FORBID_REUSE, 1)
    try easy.set(CURLOPT_SSL_SESSIONID_CACHE, 0)
  }

  private func setLimits() throws(HTTPFailure) {
    try easy.set(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.deadline))
    try easy.set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(min(request.connectDeadline, request.deadline)))
    try easy.set(CURLOPT_LOW_SPEED_LIMIT, 1)
    try easy.set(CURLOPT_LOW_SPEED_TIME, (Self.milliseconds(request.stallDeadline) + 999) / 1000)
    // Refuses a body by its announced length; what comes without one is counted. 0 would mean no limit. The length that
    // an answer to HEAD announces is that of a body which never comes (RFC 9110, section 8.6).
    if request.method != .head, !request.discardsBody {
      try easy.set(CURLOPT_MAXFILESIZE_LARGE, offset: max(1, request.responseLimit))
    }
    // A look-up that hangs must not hold up the loop once the request is over.
    try easy.set(CURLOPT_QUICK_EXIT, 1)
  }

  private func setTLS() throws(HTTPFailure) {
    try easy.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    try easy.set(CURLOPT_SSL_VERIFYPEER, 1)
    try easy.set(CURLOPT_SSL_VERIFYHOST, 2)
    if let systemStore {
      try easy.set(CURLOPT_CAINFO, systemStore)
      try easy.set(CURLOPT_CAPATH, nil)
    }
    if case .certificates(let pem) = request.trust {
      trust = WipedBuffer(copying: pem.span)
      try easy.set(CURLOPT_CAINFO, nil)
      try easy.set(CURLOPT_CAPATH, nil)
      try easy.set(CURLOPT_CAINFO_BLOB, blob: trust)
    }
    guard let identity = request.clientIdentity else { return }
    guard url.isEncrypted else {
      throw .invalidRequest("a client certificate needs an https URL, which that of \(url.host) is not")
    }
    IdentityParts.split(identity, certificates: &certificates, key: &key)
    try easy.set(CURLOPT_SSLCERTTYPE, "PEM")
    try easy.set(CURLOPT_SSLKEYTYPE, "PEM")
    try easy.set(CURLOPT_SSLCERT_BLOB, blob: certificates)
    try easy.set(CURLOPT_SSLKEY_BLOB, blob: key)
  }

  private func setProxy() throws(HTTPFailure) {
    try easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    let proxy: HTTPProxy
    switch request.route {
    // Else the environment would choose one.
    case .direct: return try easy.set(CURLOPT_PROXY, "")
    case .environment:
      guard request.refusedPlaces.isEmpty else {
        throw .invalidRequest("a request to \(url.host) that must not lead everywhere needs a known proxy, or none")
      }
      return
    case .through(let named): proxy = named
    }
    guard !proxy.host.isEmpty, proxy.host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") }) else {
      throw .invalidRequest("the name of the proxy contains what no name may contain")
    }
    try easy.set(CURLOPT_PROXY, "http://\(proxy.name)")
    try easy.set(CURLOPT_PROXYTYPE, Int(CURLPROXY_HTTP.rawValue))
    // Else the environment would name hosts that are not asked through it.
    try easy.set(CURLOPT_NOPROXY, "")
    guard let credentials = proxy.credentials else { return }
    guard let (user, password) = Self.split(credentials) else {
      throw .invalidRequest(
        "the credentials for the proxy \(proxy.name) must be user:password without control characters")
    }
    try easy.set(CURLOPT_PROXYAUTH, Int(bitPattern: CCurl_AUTH_BASIC()))
    try easy.set(CURLOPT_PROXYUSERNAME, text: WipedBuffer(cString: user))
    try easy.set(CURLOPT_PROXYPASSWORD, text: WipedBuffer(cString: password))
  }

  /// With a proxy, the proxy is all that is connected to, and what a name means is known only there.
  private func refuseNamedPlaces() throws(HTTPFailure) {
    guard request.route.proxy != nil, !request.refusedPlaces.isEmpty else { return }
    // The final dot that says that a name is whole (RFC 1034, section 3.1).
    let written = url.hostName.lowercased()
    let name = written.hasSuffix(".") ? String(written.dropLast()) : written
    let isLocalName = name == "localhost" || name.hasSuffix(".localhost")
    let place = SocketAddress(literal: name, port: 0)?.place ?? (isLocalName ? .loopback : nil)
    guard let place, request.refusedPlaces.contains(place) else { return }
    throw .addressRefused(host: url.host, address: url.hostName)
  }

  private func setRedirects() throws(HTTPFailure) {
    let areJudged = request.route.proxy == nil || request.refusedPlaces.isEmpty
    guard request.redirectLimit > 0, areJudged else { return try easy.set(CURLOPT_FOLLOWLOCATION, 0) }
    guard !request.carriesCredential else {
      throw .invalidRequest("a request to \(url.host) that carries a credential must not follow redirects")
    }
    try easy.set(CURLOPT_FOLLOWLOCATION, 1)
    try easy.set(CURLOPT_MAXREDIRS, request.redirectLimit)
    // Never from encrypted to plain.
    try easy.set(CURLOPT_REDIR_PROTOCOLS_STR, url.isEncrypted ? "https" : "http,https")
  }

  private func setBody() throws(HTTPFailure) {
    switch request.body {
    case .none: break
    case .bytes(let bytes): body = WipedBuffer(copying: bytes.span)
    case .secret(let secret): body = WipedBuffer(copying: secret)
    }
    switch (request.method, request.body) {
    case (.get, .none): try easy.set(CURLOPT_HTTPGET, 1)
    case (.head, .none): try easy.set(CURLOPT_NOBODY, 1)
    case (.get, _), (.head, _):
      throw .invalidRequest("a \(request.method.rawValue) request to \(url.host) has no body")
    case (.delete, .none), (.options, .none): break
    default:
      try easy.set(CURLOPT_POST, 1)
      try unsafe easy.set(CURLOPT_POSTFIELDS, pointer: body.start)
      try easy.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: body.count)
    }
    if request.method != .get && request.method != .head {
      try easy.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }
  }

  private func setHeaders() throws(HTTPFailure) {
    // libcurl would invent a form's type for a body, and ask before it sends a large one.
    if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
      try headers.append("Content-Type:")
    }
    try headers.append("Expect:")
    for header in request.headers {
      let appended = header.withLine { line -> Result<Void, HTTPFailure> in
        Result { () throws(HTTPFailure) in try headers.append(line) }
      }
      guard let appended else {
        throw .invalidRequest("a header field for \(url.host) contains what none may contain")
      }
      try appended.get()
    }
    try unsafe easy.set(CURLOPT_HTTPHEADER, pointer: headers.pointer)
  }

  /// Takes `user:password` apart at the first colon; `nil` if there is none, or a control character.
  private static func split(_ credentials: SecretBytes) -> (SecretBytes, SecretBytes)? {
    credentials.withSpan { text in
      guard text.indices.allSatisfy({ text[$0] >= 0x20 && text[$0] != 0x7F }),
        let colon = text.indices.first(where: { text[$0] == UInt8(ascii: ":") })
      else { return nil }
      return (escaped(text.extracting(..<colon)), escaped(text.extracting((colon + 1)...)))
    }
  }

  /// Every byte as `%XX`, since libcurl decodes what it gets as a proxy's user and password.
  private static func escaped(_ text: Span<UInt8>) -> SecretBytes {
    let digits = Array("0123456789ABCDEF".utf8)
    return SecretBytes(count: text.count * 3) { span in
      for index in text.indices {
        span[3 * index] = UInt8(ascii: "%")
        span[3 * index + 1] = digits[Int(text[index] >> 4)]
        span[3 * index + 2] = digits[Int(text[index] & 15)]
      }
    }
  }

  /// At least one, since libcurl takes zero for "no limit".
  private static func milliseconds(_ duration: Duration) -> Int {
    Int(min(max(1, duration / .milliseconds(1)), Double(Int32.max)))
  }
}
