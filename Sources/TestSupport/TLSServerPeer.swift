// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import Synchronization

/// The behaviour that the next connection meets.
final class CurrentBehaviour: Sendable {
  private let state: Mutex<TLSServerBehaviour>

  init(_ behaviour: TLSServerBehaviour) { state = Mutex(behaviour) }

  var value: TLSServerBehaviour {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}

/// A pipe that nobody writes to: it is held shut until its writing end closes.
final class ReleaseGate: Sendable {
  private let reading: Descriptor
  private let writing: Mutex<Descriptor?>

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw TestServerError("pipe: errno \(errno)") }
    reading = Descriptor(takingOwnershipOf: ends[0])
    writing = Mutex(Descriptor(takingOwnershipOf: ends[1]))
  }

  func open() { writing.withLock { $0 = nil } }

  /// Waits for the gate to open; false when the connection ended first.
  func wait(on connection: LoopbackConnection) -> Bool {
    var entries = [
      pollfd(fd: reading.rawValue, events: Int16(POLLIN), revents: 0),
      pollfd(fd: connection.socket.descriptor.rawValue, events: 0, revents: 0),
    ]
    while unsafe poll(&entries, 2, -1) < 0, errno == EINTR {}
    return entries[0].revents != 0
  }
}

/// What a ``TLSServer`` does with one connection, on the connection's own thread.
struct TLSServerPeer {
  let connection: LoopbackConnection
  let context: TLSServerContext
  let gate: ReleaseGate

  func run(_ behaviour: TLSServerBehaviour) {
    switch behaviour {
    case .serve:
      serve { connection.send($0) }
    case .answer(let response):
      answer(with: response)
    case .serveWhenReleased:
      guard gate.wait(on: connection) else { return }
      serve { connection.send($0) }
    case .silent:
      connection.drain()
    case .drip(let interval):
      serve { bytes in bytes.allSatisfy { connection.send([$0]) && connection.stays(for: interval) } }
    case .bytes(let bytes):
      guard connection.send(bytes) else { return }
      connection.drain()
    case .plainHTTP:
      guard connection.receive() != nil else { return }
      _ = connection.send(Self.badRequest)
    case .resetAtAccept:
      connection.socket.resetOnClose()
    case .closeAtAccept:
      return
    case .resetAfterClientHello:
      _ = connection.receive()
      connection.socket.resetOnClose()
    case .closeAfterClientHello:
      _ = connection.receive()
    case .resetAfter(var rest):
      serve { bytes in
        let isSent = connection.send(Array(bytes.prefix(rest)))
        rest -= bytes.count
        guard rest <= 0 else { return isSent }
        connection.socket.resetOnClose()
        return false
      }
    case .endless(let first, let others):
      guard connection.receive() != nil, connection.send(first) else { return }
      while connection.send(others) {}
    case .resetAfterCertificate:
      serve { bytes in
        _ = connection.send(bytes.dropLast(8))
        connection.socket.resetOnClose()
        return false
      }
    case .alert(let description):
      guard connection.receive() != nil else { return }
      // RFC 8446, section 5.1: type alert, legacy version 3.3, two bytes: level fatal, description.
      _ = connection.send([21, 3, 3, 0, 2, 2, description])
      connection.drain()
    case .certificateMessage(let certificates):
      guard connection.receive() != nil else { return }
      _ = connection.send(Self.certificateMessage(certificates))
      connection.drain()
    }
  }

  /// Shakes hands, giving `send` each batch of bytes; ends when it returns false.
  private func serve(_ send: ([UInt8]) -> Bool) {
    guard let session = try? TLSServerSession(context: context, address: connection.localHost) else { return }
    while let bytes = connection.receive() {
      let progress = session.proceed(with: bytes)
      let output = session.takeOutput()
      if !output.isEmpty, !send(output) { return }
      if case .needsMore = progress { continue }
      // Close only after the client did, so that a client which is not done with our bytes gets to read them.
      return connection.drain()
    }
  }

  /// Shakes hands, reads one request head and sends `response`.
  private func answer(with response: [UInt8]) {
    guard let session = try? TLSServerSession(context: context, address: connection.localHost) else { return }
    var progress = TLSServerSession.Progress.needsMore
    var request: [UInt8] = []
    while let bytes = connection.receive() {
      switch progress {
      case .needsMore: progress = session.proceed(with: bytes)
      case .done: session.feed(bytes)
      case .failed: break
      }
      guard connection.send(session.takeOutput()) else { return }
      guard case .done = progress else { continue }
      context.identities.note(clientCertificate: session.peerCertificate())
      request += session.read()
      guard String(decoding: request, as: UTF8.self).contains("\r\n\r\n") else { continue }
      session.write(response)
      guard connection.send(session.takeOutput()) else { return }
      return connection.drain()
    }
  }

  private static let badRequest = Array(
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis is not a TLS port.\r\n".utf8)

  /// RFC 5246, section 7.4: ServerHello (version 3.3, 32 bytes of random, no session,
  /// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, no compression, the empty renegotiation_info of RFC 5746), then a
  /// Certificate, all in one record.
  private static func certificateMessage(_ certificates: [[UInt8]]) -> [UInt8] {
    let extensions: [UInt8] = [0, 5, 0xFF, 0x01, 0, 1, 0]
    let hello = [3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0xC0, 0x2F, 0] + extensions
    let list = certificates.flatMap { length($0.count, bytes: 3) + $0 }
    let certificate = length(list.count, bytes: 3) + list
    let messages =
      [2] + length(hello.count, bytes: 3) + hello + [11] + length(certificate.count, bytes: 3) + certificate
    return [22, 3, 3] + length(messages.count, bytes: 2) + messages
  }

  private static func length(_ count: Int, bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
  }
}
