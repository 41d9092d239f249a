// SPDX-License-Identifier: Apache-2.0

import Host
import Synchronization

/// An HTTP server on 127.0.0.1 that reads a request and then does exactly what it is told, byte by byte.
package final class ScriptedServer: Sendable {
  package enum Step: Sendable {
    case send(String)
    case sendBytes([UInt8])
    /// Sends this piece until the client leaves.
    case sendForEver(String)
    /// Sends nothing until the client leaves.
    case silence
    case reset
  }

  package let port: UInt16
  private let listening: Listening
  private let seen = Seen()

  private final class Listening: Sendable {
    let socket: StreamSocket
    init(_ socket: consuming StreamSocket) { self.socket = socket }
  }

  private final class Seen: Sendable {
    let requests = Mutex<[String]>([])
    let gone = Mutex(0)
  }

  /// Starts to listen; `script` gets the whole request and says what follows.
  package init(_ script: @escaping @Sendable (String) -> [Step]) throws {
    guard let address = SocketAddress(literal: "127.0.0.1", port: 0) else { preconditionFailure("a literal address") }
    let socket = try StreamSocket.listening(at: address)
    port = try socket.localAddress().port
    listening = Listening(socket)
    try WorkerThread(name: "test-http") { [listening, seen] in
      while let connection = try? listening.socket.accept() {
        let connection = Listening(connection)
        try? WorkerThread(name: "test-http-peer") { Self.serve(connection, script, seen) }.detach()
      }
    }.detach()
  }

  package convenience init(_ steps: Step...) throws { try self.init { _ in steps } }

  deinit { listening.socket.shutDown() }

  package var url: String { "http://127.0.0.1:\(port)/secret-path?secret-query" }

  /// What clients sent, in order.
  package var requests: [String] { seen.requests.withLock { $0 } }

  private static func serve(
    _ connection: Listening, _ script: @Sendable (String) -> [Step], _ seen: Seen
  ) {
    var received: [UInt8] = []
    while !isComplete(received) {
      guard case .value(let bytes)? = try? connection.socket.receive(limit: 65_536) else { return }
      received += bytes
    }
    let request = String(decoding: received, as: UTF8.self)
    seen.requests.withLock { $0.append(request) }
    for step in script(request) {
      switch step {
      case .send(let text): guard send(Array(text.utf8), connection) else { return }
      case .sendBytes(let bytes): guard send(bytes, connection) else { return }
      case .sendForEver(let text): while send(Array(text.utf8), connection) {}
      case .silence: while case .value? = try? connection.socket.receive(limit: 4096) {}
      case .reset: connection.socket.resetOnClose()
      }
    }
  }

  private static func isComplete(_ request: [UInt8]) -> Bool {
    let text = String(decoding: request, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
    let length = text[..<end.lowerBound].lowercased().split(separator: "\r\n")
      .first { $0.hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).filter(\.isNumber)) }
    return text[end.upperBound...].utf8.count >= length ?? 0
  }

  private static func send(_ bytes: [UInt8], _ connection: Listening) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard case .value(let count)? = try? connection.socket.send(rest.span) else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}

/// A complete response with this body.
package func reply(_ status: String = "200 OK", headers: [String] = [], _ body: String = "") -> String {
  (["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers).joined(separator: "\r\n") + "\r\n\r\n" + body
}
