// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// Stream sockets of this host alone, which are reached by a path (unix(7)).
package enum LocalSocket {
  /// Opens a non-blocking socket that listens at `path`.
  ///
  /// It takes the place of whatever is there with one rename, once it has its final mode and listens: nobody ever
  /// connects by other rights. Two processes must not do this at once for the same path.
  ///
  /// - Parameters:
  ///   - path: at most 103 bytes, since the kernel knows 107 and a temporary name is needed.
  ///   - mode: who may connect, for which the kernel asks for the right to write.
  ///   - backlog: how many connections wait to be accepted.
  /// - Returns: the socket.
  /// - Throws: `SystemError`.
  package static func listening(
    at path: FilePath, mode: FilePermissions, backlog: Int32 = 32
  ) throws(SystemError) -> StreamSocket {
    let temporary = FilePath(path.string + ".new")
    try removeIfPresent(temporary)
    let socket = try open()
    let status = unsafe try withAddress(of: temporary) { unsafe bind(socket.descriptor.rawValue, $0, $1) }
    guard status == 0 else { throw .last("bind", temporary) }
    guard unsafe chmod(temporary.string, mode.rawValue) == 0 else { throw .last("chmod", temporary) }
    guard listen(socket.descriptor.rawValue, backlog) == 0 else { throw .last("listen", temporary) }
    guard unsafe rename(temporary.string, path.string) == 0 else { throw .last("rename", path) }
    return socket
  }

  /// Connects a non-blocking socket to the one that listens at `path`.
  ///
  /// - Throws: `SystemError`: `ENOENT` and `ECONNREFUSED` when nobody listens, `EACCES` when the caller may not connect,
  ///   `EAGAIN` when too many wait already.
  package static func connecting(to path: FilePath) throws(SystemError) -> StreamSocket {
    let socket = try open()
    let status = unsafe try withAddress(of: path) { unsafe connect(socket.descriptor.rawValue, $0, $1) }
    guard status == 0 else { throw .last("connect", path) }
    return socket
  }

  /// Removes the file of a socket that nobody listens on any more; nothing happens when there is none.
  package static func removeIfPresent(_ path: FilePath) throws(SystemError) {
    guard unsafe unlink(path.string) == 0 || errno == ENOENT else { throw .last("unlink", path) }
  }

  private static func open() throws(SystemError) -> StreamSocket {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let number = socket(AF_UNIX, kind, 0)
    guard number >= 0 else { throw .last("socket") }
    return StreamSocket(takingOwnershipOf: Descriptor(takingOwnershipOf: number))
  }

  private static func withAddress(
    of path: FilePath, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(SystemError) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.string.utf8)
    // The path ends with a zero byte.
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw SystemError(
        call: "bind", path: path, errno: .fileNameTooLong, detail: "a socket's path has at most 107 bytes")
    }
    unsafe Swift.withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe body(generic, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}

/// The process at the other end of a local socket, as the kernel knows it since it connected (unix(7), `SO_PEERCRED`).
package struct PeerCredentials: Sendable, Hashable {
  package var process: Int32
  package var user: UInt32
  package var group: UInt32

  package init(process: Int32, user: UInt32, group: UInt32) {
    self.process = process
    self.user = user
    self.group = group
  }
}

extension StreamSocket {
  /// Takes the next connection of a non-blocking listening socket, non-blocking too; nil when none waits.
  package func acceptWaiting() throws(SystemError) -> StreamSocket? {
    while true {
      let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      let number = CLinux_accept4(descriptor.rawValue, flags)
      if number >= 0 { return StreamSocket(takingOwnershipOf: Descriptor(takingOwnershipOf: number)) }
      if errno == EAGAIN { return nil }
      guard errno == EINTR || errno == ECONNABORTED else { throw .last("accept4") }
    }
  }

  /// Who connected this local socket.
  package func peerCredentials() throws(SystemError) -> PeerCredentials {
    var peer = PeerCredentials(process: 0, user: 0, group: 0)
    guard unsafe CLinux_peer_credentials(descriptor.rawValue, &peer.process, &peer.user, &peer.group) == 0 else {
      throw .last("getsockopt")
    }
    return peer
  }
}
