// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Host
import Synchronization

/// One accepted connection of a ``LoopbackListener``; closes when nobody holds it any more.
final class LoopbackConnection: Sendable {
  let socket: StreamSocket
  /// The address the client connected to.
  let localHost: String

  init(socket: consuming StreamSocket, localHost: String) {
    self.socket = socket
    self.localHost = localHost
  }

  /// Sends all of `bytes`; false when the client is gone.
  func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard case .value(let count)? = try? socket.send(rest.span) else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Waits for bytes; `nil` when the client is gone or the server stops.
  func receive() -> [UInt8]? {
    guard case .value(let bytes)? = try? socket.receive(limit: 16 * 1024) else { return nil }
    return bytes
  }

  /// Reads and forgets until the client leaves or the server stops.
  func drain() {
    while receive() != nil {}
  }

  /// Waits this long, or until the connection has ended: then false.
  func stays(for time: Duration) -> Bool {
    var entry = pollfd(fd: socket.descriptor.rawValue, events: 0, revents: 0)
    let milliseconds = Int32(time / .milliseconds(1))
    return unsafe poll(&entry, 1, milliseconds) == 0
  }
}

/// Blocking TCP server on loopback addresses: a thread per address and one per connection, as tests can afford.
final class LoopbackListener: Sendable {
  let port: UInt16
  private let sockets: [Listening]
  private let acceptors: Mutex<[WorkerThread]> = Mutex([])
  // The threads hold these and never the listener, so that dropping the listener ends them.
  private let connections = Connections()

  private final class Listening: Sendable {
    let socket: StreamSocket
    let host: String
    init(socket: consuming StreamSocket, host: String) {
      self.socket = socket
      self.host = host
    }
  }

  /// Listens at the same port of every address; port 0 lets the kernel choose.
  init(
    addresses: [String], port: UInt16, handler: @escaping @Sendable (LoopbackConnection) -> Void
  ) throws {
    var sockets: [Listening] = []
    var port = port
    for host in addresses {
      guard let address = SocketAddress(literal: host, port: port) else {
        throw TestServerError("\(host) is not an IP address")
      }
      let socket = try StreamSocket.listening(at: address)
      if port == 0 { port = try socket.localAddress().port }
      sockets.append(Listening(socket: socket, host: host))
    }
    self.port = port
    self.sockets = sockets
    for listening in sockets {
      let thread = try WorkerThread(name: "test-accept") { [connections] in
        while let socket = try? listening.socket.accept() {
          let connection = LoopbackConnection(socket: socket, localHost: listening.host)
          guard connections.admit(connection) else { return }
          do {
            try WorkerThread(name: "test-peer") {
              handler(connection)
              connections.forget(connection)
            }.detach()
          } catch {
            connections.forget(connection)
          }
        }
      }
      acceptors.withLock { $0.append(thread) }
    }
  }

  deinit { stop() }

  /// How many connections were accepted so far.
  var accepted: Int { connections.accepted }

  /// The most connections that were open at one time.
  var peak: Int { connections.peak }

  /// Returns once this many connections have been accepted, or the listener has stopped.
  func accepted(reach count: Int) async { await connections.accepted(reach: count) }

  /// Closes everything and waits for every thread.
  func stop() {
    for listening in sockets { listening.socket.shutDown() }
    connections.end()
    let threads = acceptors.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in threads { thread.join() }
    connections.waitForAll()
  }
}

/// The connections of a ``LoopbackListener`` that are open.
private final class Connections: Sendable {
  private let state = Mutex(State())
  private let running = DispatchGroup()

  private struct State {
    var isStopped = false
    var open: [ObjectIdentifier: LoopbackConnection] = [:]
    var accepted = 0
    var peak = 0
    var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  var accepted: Int { state.withLock { $0.accepted } }

  var peak: Int { state.withLock { $0.peak } }

  func accepted(reach count: Int) async {
    await withCheckedContinuation { continuation in
      let isReached = state.withLock { state in
        if state.accepted >= count || state.isStopped { return true }
        state.waiters.append((count, continuation))
        return false
      }
      if isReached { continuation.resume() }
    }
  }

  /// Counts a connection; false when no more are wanted.
  func admit(_ connection: LoopbackConnection) -> Bool {
    let reached: [CheckedContinuation<Void, Never>]? = state.withLock { state in
      guard !state.isStopped else { return nil }
      running.enter()
      state.open[ObjectIdentifier(connection)] = connection
      state.accepted += 1
      state.peak = max(state.peak, state.open.count)
      let reached = state.waiters.filter { $0.count <= state.accepted }.map(\.continuation)
      state.waiters.removeAll { $0.count <= state.accepted }
      return reached
    }
    guard let reached else { return false }
    for continuation in reached { continuation.resume() }
    return true
  }

  func forget(_ connection: LoopbackConnection) {
    _ = state.withLock { $0.open.removeValue(forKey: ObjectIdentifier(connection)) }
    running.leave()
  }

  func end() {
    let (connections, waiters) = state.withLock { state in
      state.isStopped = true
      defer { state.waiters = [] }
      return (Array(state.open.values), state.waiters)
    }
    for waiter in waiters { waiter.continuation.resume() }
    for connection in connections { connection.socket.shutDown() }
  }

  func waitForAll() { running.wait() }
}
