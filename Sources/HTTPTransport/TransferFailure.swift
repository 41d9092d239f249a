// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc

/// What libcurl's error codes (libcurl-errors(3)) mean to an operator.
extension Transfer {
  func failure(_ code: CURLcode) -> HTTPFailure {
    let host = url.host
    let detail = easy.explanation(of: code)
    let proxy = proxyName ?? ""
    let connectStatus = easy.info(CURLINFO_HTTP_CONNECTCODE)
    if connectStatus == 407 { return .proxyAuthentication(proxy: proxy) }
    if connectStatus != 0, !(200..<300).contains(connectStatus) {
      return .proxyRefused(proxy: proxy, status: connectStatus)
    }
    let isWithoutTunnel = proxyName != nil && url.isEncrypted && !easy.isEncrypted
    // libcurl's own words repeat what the environment says, with user and password.
    if case .environment = request.route, detail.hasPrefix("Unsupported proxy") {
      return .invalidRequest(
        "the proxy of the environment (https_proxy, all_proxy) cannot be used: write it as http://host:port")
    }
    return switch code {
    case CURLE_ABORTED_BY_CALLBACK: .proxyMalformed(proxy: proxy, detail: "it has no end")
    case CURLE_RECV_ERROR where isWithoutTunnel, CURLE_WEIRD_SERVER_REPLY where isWithoutTunnel:
      .proxyMalformed(proxy: proxy, detail: detail)
    case CURLE_COULDNT_RESOLVE_HOST: .lookupFailed(host: host)
    case CURLE_COULDNT_RESOLVE_PROXY: .proxyLookupFailed(proxy: proxy)
    case CURLE_COULDNT_CONNECT: .connectFailed(host: host, detail: connectError ?? detail)
    case CURLE_PROXY, CURLE_INTERFACE_FAILED: .connectFailed(host: host, detail: detail)
    case CURLE_OPERATION_TIMEDOUT: .timedOut(host: host, detail: detail)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
      .untrusted(host: host, detail: detail)
    case CURLE_SSL_CERTPROBLEM: .unusableIdentity(host: host, detail: detail)
    case CURLE_SSL_CACERT_BADFILE: .unusableTrust(detail: detail)
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER:
      Self.isAboutIdentity(detail)
        ? .identityRefused(host: host, detail: detail) : .handshakeFailed(host: host, detail: detail)
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
      // With TLS 1.3 a server judges the client's certificate only after the client thinks the handshake done.
      Self.isAboutIdentity(detail)
        ? .identityRefused(host: host, detail: detail) : .connectionLost(host: host, detail: detail)
    case CURLE_FILESIZE_EXCEEDED: .responseTooLarge(host: host, limit: request.responseLimit)
    case CURLE_TOO_MANY_REDIRECTS: .tooManyRedirects(host: host, limit: request.redirectLimit)
    // The URL itself was checked, so that only a redirect can have named another protocol.
    case CURLE_UNSUPPORTED_PROTOCOL where request.redirectLimit > 0 && easy.info(CURLINFO_REDIRECT_COUNT) > 0:
      .redirectRefused(host: host)
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2:
      .notHTTP(host: host, detail: detail)
    default: .unexpected(detail: "code \(code.rawValue): \(detail)")
    }
  }

  /// What an operator knows the proxy by; nil without one.
  var proxyName: String? {
    switch request.route {
    case .direct: nil
    case .through(let proxy): proxy.name
    // It may hold user and password.
    case .environment: "of the environment"
    }
  }

  /// What the kernel said of the last attempt to connect; libcurl's own text only says that it failed.
  private var connectError: String? {
    let code = easy.info(CURLINFO_OS_ERRNO)
    // glibc keeps this text for each thread, strerror(3).
    guard code != 0, let text = unsafe strerror(Int32(truncatingIfNeeded: code)) else { return nil }
    return unsafe String(cString: text)
  }

  /// Whether OpenSSL reports one of the alerts that speak of the client's certificate (RFC 8446, section 6.2).
  private static func isAboutIdentity(_ detail: String) -> Bool {
    let alerts = [
      "alert bad certificate", "alert unsupported certificate", "alert certificate revoked",
      "alert certificate expired", "alert certificate unknown", "alert unknown ca", "alert certificate required",
      "alert access denied",
    ]
    return alerts.contains { detail.contains($0) }
  }
}
