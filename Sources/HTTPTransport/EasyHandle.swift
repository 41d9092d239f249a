// SPDX-License-Identifier: Apache-2.0

import CCurl

/// One libcurl transfer (libcurl-easy(3)); only the thread that made it may use it.
@safe
final class EasyHandle {
  /// For curl_multi_add_handle(3) and as a name; valid as long as this object.
  @unsafe let pointer: UnsafeMutableRawPointer
  var address: UInt { unsafe UInt(bitPattern: pointer) }
  private let errorText: UnsafeMutablePointer<CChar>
  /// What the server's handshakes took, in bytes.
  private let handshakeCount: UnsafeMutablePointer<Int>

  private init(takingOwnershipOf pointer: UnsafeMutableRawPointer) {
    unsafe self.pointer = pointer
    unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    unsafe handshakeCount = .allocate(capacity: 1)
    unsafe handshakeCount.initialize(to: 0)
  }

  static func make() throws(HTTPFailure) -> EasyHandle {
    guard let pointer = unsafe curl_easy_init() else { throw .unexpected(detail: "no memory for a transfer") }
    let handle = unsafe EasyHandle(takingOwnershipOf: pointer)
    try unsafe handle.set(CURLOPT_ERRORBUFFER, pointer: handle.errorText)
    try handle.check(
      unsafe CCurl_easy_setopt_handshake_count(handle.pointer, handle.handshakeCount), CURLOPT_SSL_CTX_FUNCTION)
    return handle
  }

  deinit {
    unsafe curl_easy_cleanup(pointer)
    unsafe errorText.deallocate()
    unsafe handshakeCount.deallocate()
  }

  func set(_ option: CURLoption, _ value: Int) throws(HTTPFailure) {
    try check(unsafe CCurl_easy_setopt_long(pointer, option, value), option)
  }

  func set(_ option: CURLoption, offset value: Int) throws(HTTPFailure) {
    try check(unsafe CCurl_easy_setopt_offset(pointer, option, value), option)
  }

  /// Sets a text, which libcurl copies; `nil` takes the default away.
  func set(_ option: CURLoption, _ value: String?) throws(HTTPFailure) {
    guard let value else { return try check(unsafe CCurl_easy_setopt_string(pointer, option, nil), option) }
    try check(unsafe CCurl_easy_setopt_string(pointer, option, value), option)
  }

  /// Sets a text that ends in NUL, which libcurl copies.
  func set(_ option: CURLoption, text: borrowing WipedBuffer) throws(HTTPFailure) {
    try check(
      unsafe CCurl_easy_setopt_string(pointer, option, text.start?.assumingMemoryBound(to: CChar.self)), option)
  }

  /// Sets PEM text that stays where it is: `blob` has to live as long as the transfer.
  func set(_ option: CURLoption, blob: borrowing WipedBuffer) throws(HTTPFailure) {
    var description = unsafe curl_blob(data: blob.start, len: blob.count, flags: UInt32(CURL_BLOB_NOCOPY))
    try check(unsafe CCurl_easy_setopt_blob(pointer, option, &description), option)
  }

  @unsafe
  func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer?) throws(HTTPFailure) {
    try check(unsafe CCurl_easy_setopt_pointer(pointer, option, value), option)
  }

  @unsafe
  func set(_ option: CURLoption, receiver: @escaping CCurl_receiver) throws(HTTPFailure) {
    try check(unsafe CCurl_easy_setopt_receiver(pointer, option, receiver), option)
  }

  @unsafe
  func set(_ option: CURLoption, opener: @escaping CCurl_opener) throws(HTTPFailure) {
    try check(unsafe CCurl_easy_setopt_opener(pointer, option, opener), option)
  }

  @unsafe
  func set(_ option: CURLoption, observer: @escaping CCurl_observer) throws(HTTPFailure) {
    try check(unsafe CCurl_easy_setopt_observer(pointer, option, observer), option)
  }

  /// A number about the finished transfer; 0 if libcurl does not have it.
  func info(_ info: CURLINFO) -> Int {
    var value = 0
    return unsafe CCurl_easy_getinfo_long(pointer, info, &value) == CURLE_OK ? value : 0
  }

  /// Whether a handshake of TLS with the server was completed (CURLINFO_APPCONNECT_TIME_T(3)).
  var isEncrypted: Bool {
    var time: curl_off_t = 0
    return unsafe CCurl_easy_getinfo_offset(pointer, CURLINFO_APPCONNECT_TIME_T, &time) == CURLE_OK && time > 0
  }

  /// What libcurl says of a failure, on one line; a server may have chosen some of the words.
  func explanation(of code: CURLcode) -> String {
    let said = unsafe String(cString: errorText)
    let text = said.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : said
    let printable = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
    return String(printable.prefix(200))
  }

  private func check(_ code: CURLcode, _ option: CURLoption) throws(HTTPFailure) {
    guard code == CURLE_OK else {
      throw .unexpected(detail: "option \(option.rawValue): \(unsafe String(cString: curl_easy_strerror(code)))")
    }
  }
}
