// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host

/// A port of 127.0.0.1 that refuses every connection for as long as this value lives.
///
/// The port of a server that has stopped would not do: the kernel may give it to the next server of another test. This one
/// is bound, so that nobody else gets it, and nobody listens (tcp(7)).
package final class ClosedPort: Sendable {
  package let port: UInt16
  private let socket: Bound

  private final class Bound: Sendable {
    let socket: StreamSocket
    init(_ socket: consuming StreamSocket) { self.socket = socket }
  }

  package init() throws {
    let number = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { throw TestServerError("no socket: error \(errno)") }
    socket = Bound(StreamSocket(takingOwnershipOf: Descriptor(takingOwnershipOf: number)))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(number, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw TestServerError("a port could not be bound: error \(errno)") }
    port = try socket.socket.localAddress().port
  }
}
