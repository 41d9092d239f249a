// SPDX-License-Identifier: Apache-2.0

import CCurl

/// A URL as libcurl itself reads it, so that what is checked is what is used.
@safe
final class RequestURL {
  private let handle: OpaquePointer
  /// "host" or "host:port", for messages.
  let host: String
  /// The host alone, an IPv6 address without its brackets.
  let hostName: String
  let isEncrypted: Bool

  private init(takingOwnershipOf handle: OpaquePointer, host: String, hostName: String, isEncrypted: Bool) {
    unsafe self.handle = handle
    self.host = host
    self.hostName = hostName
    self.isEncrypted = isEncrypted
  }

  /// Reads an absolute URL.
  ///
  /// A failure does not repeat the URL: what is wrong with it may be a password in it.
  static func parse(_ text: String) throws(HTTPFailure) -> RequestURL {
    guard !text.utf8.contains(0) else { throw .invalidRequest("the URL contains a NUL character") }
    guard let handle = unsafe curl_url() else { throw .unexpected(detail: "no memory for a URL") }
    let url = unsafe RequestURL(takingOwnershipOf: handle, host: "", hostName: "", isEncrypted: false)
    let code = unsafe curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME))
    guard code == CURLUE_OK else {
      throw .invalidRequest("the URL cannot be read: \(unsafe String(cString: curl_url_strerror(code)))")
    }
    guard let scheme = url.part(CURLUPART_SCHEME), scheme == "http" || scheme == "https" else {
      throw .invalidRequest("the URL must begin with http:// or https://")
    }
    guard url.part(CURLUPART_USER) == nil, url.part(CURLUPART_PASSWORD) == nil else {
      throw .invalidRequest("the URL must not contain a user name or a password")
    }
    guard let host = url.part(CURLUPART_HOST) else { throw .invalidRequest("the URL names no host") }
    guard let copy = unsafe curl_url_dup(handle) else { throw .unexpected(detail: "no memory for a URL") }
    return unsafe RequestURL(
      takingOwnershipOf: copy, host: url.part(CURLUPART_PORT).map { "\(host):\($0)" } ?? host,
      hostName: host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host, isEncrypted: scheme == "https")
  }

  deinit { unsafe curl_url_cleanup(handle) }

  /// For `CURLOPT_CURLU`; valid as long as this object.
  @unsafe var pointer: OpaquePointer { unsafe handle }

  private func part(_ part: CURLUPart) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard unsafe curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text = unsafe text else { return nil }
    defer { unsafe curl_free(text) }
    return unsafe String(cString: text)
  }
}
