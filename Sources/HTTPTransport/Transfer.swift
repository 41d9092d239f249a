// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc
import Host

/// One request on its way; lives on the thread of its loop.
@safe
final class Transfer {
  let easy: EasyHandle
  let request: HTTPRequest
  let systemStore: String?
  let url: RequestURL
  let headers = HeaderList()
  // What libcurl reads in place stays here until the transfer is over.
  var body = WipedBuffer(capacity: 1)
  var certificates = WipedBuffer(capacity: 1)
  var key = WipedBuffer(capacity: 1)
  var trust = WipedBuffer(capacity: 1)
  private var received = WipedBuffer()
  private var fields: [HTTPField] = []
  private var headerBytes = 0
  private var headerCount = 0
  private var status = 0
  /// How often libcurl asked in this turn of the loop whether to go on.
  private var questions = 0
  /// The header fields came, and nobody wants more.
  private var hasEnough = false
  /// Why we, rather than libcurl, ended it.
  private var refusal: HTTPFailure?

  /// Prepares everything but does not begin.
  init(_ request: HTTPRequest, systemStore: String?) throws(HTTPFailure) {
    self.request = request
    self.systemStore = systemStore
    url = try RequestURL.parse(request.url)
    easy = try EasyHandle.make()
    try configure()
    try receive()
  }

  /// Lets the callbacks find this object, which outlives the handle that calls them.
  private func receive() throws(HTTPFailure) {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    try unsafe easy.set(CURLOPT_WRITEDATA, pointer: context)
    try unsafe easy.set(CURLOPT_HEADERDATA, pointer: context)
    try easy.set(CURLOPT_NOPROGRESS, 0)
    try unsafe easy.set(CURLOPT_XFERINFODATA, pointer: context)
    try unsafe easy.set(CURLOPT_XFERINFOFUNCTION) { context, _, _, _, _ in unsafe Transfer.goOn(context) ? 0 : 1 }
    if request.route.proxy == nil, !request.refusedPlaces.isEmpty {
      try unsafe easy.set(CURLOPT_OPENSOCKETDATA, pointer: context)
      try unsafe easy.set(CURLOPT_OPENSOCKETFUNCTION) { context, _, address in
        unsafe Transfer.open(context, address)
      }
    }
    try unsafe easy.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      unsafe Transfer.deliver(bytes, size * count, context) { transfer, part in unsafe transfer.takeBody(part) }
    }
    try unsafe easy.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      unsafe Transfer.deliver(bytes, size * count, context) { transfer, part in unsafe transfer.takeHeader(part) }
    }
  }

  /// Returns what libcurl wants to hear: the number of bytes taken, or less to end the transfer.
  @unsafe
  private static func deliver(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
    to take: (Transfer, UnsafeRawBufferPointer) -> Bool
  ) -> Int {
    guard count > 0, let bytes = unsafe bytes, let context = unsafe context else { return 0 }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return unsafe take(transfer, UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
  }

  /// Another turn of the loop begins.
  func beginTurn() { questions = 0 }

  /// Whether libcurl goes on with a transfer.
  ///
  /// It asks a few times in each turn, and for each byte of an answer to CONNECT, which it reads within one turn for as
  /// long as they come, without a look at any deadline: so that a proxy would hold up every other request.
  @unsafe
  private static func goOn(_ context: UnsafeMutableRawPointer?) -> Bool {
    guard let context = unsafe context else { return true }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    transfer.questions += 1
    return transfer.questions <= Self.questionsLimit
  }

  /// Makes the socket for one address, unless it lies where the request must not lead.
  @unsafe
  private static func open(
    _ context: UnsafeMutableRawPointer?, _ address: UnsafeMutablePointer<curl_sockaddr>?
  ) -> curl_socket_t {
    guard let context = unsafe context, let address = unsafe address, let start = unsafe CCurl_address(address),
      let peer = unsafe SocketAddress(kernelForm: start)
    else { return Self.noSocket }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    if let place = peer.place, transfer.request.refusedPlaces.contains(place) {
      transfer.refusal = .addressRefused(host: transfer.url.host, address: peer.host)
      return Self.noSocket
    }
    let kind = unsafe address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
    return unsafe socket(address.pointee.family, kind, address.pointee.protocol)
  }

  /// `CURL_SOCKET_BAD`, which is a macro.
  private static let noSocket: curl_socket_t = -1

  @unsafe
  private func takeBody(_ part: UnsafeRawBufferPointer) -> Bool {
    guard part.count <= request.responseLimit - received.count else {
      refusal = .responseTooLarge(host: url.host, limit: request.responseLimit)
      return false
    }
    unsafe received.append(contentsOf: part)
    return true
  }

  @unsafe
  private func takeHeader(_ part: UnsafeRawBufferPointer) -> Bool {
    headerBytes += part.count
    headerCount += 1
    guard headerBytes <= Self.headerBytesLimit, headerCount <= Self.headerCountLimit else {
      refusal = .headersTooLarge(host: url.host)
      return false
    }
    let line = unsafe String(decoding: part, as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      // Of several responses, interim ones and redirects, the last counts.
      fields = []
      received.removeAll()
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix(3)) } ?? 0
    } else if request.discardsBody, line.allSatisfy(\.isNewline), isFinal {
      hasEnough = true
      return false
    } else if let colon = line.firstIndex(of: ":"), line.first?.isWhitespace == false {
      fields.append(
        HTTPField(name: String(line[..<colon]), value: Self.trimmed(line[line.index(after: colon)...])))
    }
    return true
  }

  /// Whether no other response follows: this one is neither an interim one nor a redirect that is followed.
  private var isFinal: Bool { status >= 200 && (request.redirectLimit == 0 || !(300..<400).contains(status)) }

  private static func trimmed(_ text: Substring) -> String {
    let start = text.drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }

  /// What came of it, once libcurl is done with it.
  func outcome(_ code: CURLcode) -> Result<HTTPResponse, HTTPFailure> {
    if let refusal { return .failure(refusal) }
    guard code == CURLE_OK || hasEnough else { return .failure(failure(code)) }
    let status = easy.info(CURLINFO_RESPONSE_CODE)
    if status == 407, let proxy = proxyName { return .failure(.proxyAuthentication(proxy: proxy)) }
    return .success(HTTPResponse(status: status, headers: fields, body: received.secret()))
  }

  /// Bytes and lines of all header fields of all responses; the platform sends a few kilobytes.
  private static let headerBytesLimit = 128 * 1024
  private static let headerCountLimit = 500
  /// Bytes of an answer to CONNECT, above all: a line and a few header fields.
  private static let questionsLimit = 64 * 1024
}

extension HTTPProxy {
  var name: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
