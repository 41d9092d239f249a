// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Host
import Synchronization

/// An HTTP proxy on loopback that makes tunnels, or answers in other ways (RFC 9110, section 9.3.6).
package final class ConnectProxy: Sendable {
  package enum Behaviour: Sendable {
    /// Makes the tunnel.
    case tunnel
    /// Answers these bytes in place of making one.
    case answer(String)
    /// Makes the tunnel, but sends these bytes into it first.
    case tunnelAfter(String)
    /// Makes a tunnel to this port of its own host, whatever was asked for.
    case mislead(to: UInt16)
    /// Answers the first, and then the second again and again until the client leaves.
    case endless(String, then: String)
    /// Reads the request and never answers.
    case silent
  }

  /// Where it listens.
  package let address = "127.0.0.1"
  private let listener: LoopbackListener
  private let requests: Requests

  /// Request heads as they came.
  private final class Requests: Sendable {
    let heads = Mutex<[String]>([])
  }

  /// Starts to listen.
  ///
  /// - Parameters:
  ///   - behaviour: How it answers whoever may use it.
  ///   - credentials: `user:password` that it insists on; `nil`: none.
  /// - Throws: `TestServerError`, or `SystemError` when it cannot listen.
  package init(behaviour: Behaviour = .tunnel, credentials: String? = nil) throws {
    let requests = Requests()
    self.requests = requests
    let wanted = credentials.map { "Proxy-Authorization: Basic \(Data($0.utf8).base64EncodedString())" }
    listener = try LoopbackListener(addresses: [address], port: 0) { connection in
      var head = ""
      while !head.hasSuffix("\r\n\r\n") {
        guard let bytes = connection.receive() else { return }
        head += String(decoding: bytes, as: UTF8.self)
      }
      requests.heads.withLock { $0.append(head) }
      let lines = head.split(separator: "\r\n").map(String.init)
      if let wanted, !lines.contains(wanted) {
        _ = connection.send(Array("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".utf8))
        return
      }
      switch behaviour {
      case .tunnel: Self.tunnel(connection, to: lines.first ?? "", greeting: "")
      case .tunnelAfter(let greeting): Self.tunnel(connection, to: lines.first ?? "", greeting: greeting)
      case .mislead(let port): Self.tunnel(connection, to: "CONNECT 127.0.0.1:\(port) HTTP/1.1", greeting: "")
      case .endless(let first, let other):
        guard connection.send(Array(first.utf8)) else { return }
        while connection.send(Array(other.utf8)) {}
      case .answer(let text):
        _ = connection.send(Array(text.utf8))
        connection.drain()
      case .silent: connection.drain()
      }
    }
  }

  package var port: UInt16 { listener.port }

  /// The head of every request so far, in order.
  package var requestHeads: [String] { requests.heads.withLock { $0 } }

  /// Closes every connection and waits for every thread.
  package func stop() { listener.stop() }

  /// Only addresses can be tunnelled to: a test proxy looks nothing up.
  private static func tunnel(_ client: LoopbackConnection, to requestLine: String, greeting: String) {
    let authority = requestLine.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    guard let colon = authority.lastIndex(of: ":"), let port = UInt16(authority[authority.index(after: colon)...]),
      let target = SocketAddress(
        literal: authority[..<colon].trimmingCharacters { $0 == "[" || $0 == "]" }, port: port),
      let upstream = try? StreamSocket.connecting(to: target), Self.isConnected(upstream)
    else {
      _ = client.send(Array("HTTP/1.1 502 Bad Gateway\r\n\r\n".utf8))
      return
    }
    let server = LoopbackConnection(socket: upstream, localHost: "")
    guard client.send(Array("HTTP/1.1 200 Connection established\r\n\r\n\(greeting)".utf8)) else { return }
    var ends = [
      pollfd(fd: client.socket.descriptor.rawValue, events: Int16(POLLIN), revents: 0),
      pollfd(fd: server.socket.descriptor.rawValue, events: Int16(POLLIN), revents: 0),
    ]
    while unsafe poll(&ends, 2, -1) > 0 {
      if ends[0].revents != 0 { guard let bytes = client.receive(), server.send(bytes) else { return } }
      if ends[1].revents != 0 { guard let bytes = server.receive(), client.send(bytes) else { return } }
    }
  }

  private static func isConnected(_ socket: borrowing StreamSocket) -> Bool {
    var entry = pollfd(fd: socket.descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&entry, 1, 5000) == 1 && socket.pendingError() == nil
  }
}

extension Substring {
  fileprivate func trimmingCharacters(where isTrimmed: (Character) -> Bool) -> String {
    String(drop(while: isTrimmed).reversed().drop(while: isTrimmed).reversed())
  }
}
