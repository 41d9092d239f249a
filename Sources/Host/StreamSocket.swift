// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// A TCP socket that closes itself.
///
/// Several threads may use one as the kernel allows it: one reads while another
/// shuts it down.
package struct StreamSocket: ~Copyable, Sendable {
  package let descriptor: Descriptor

  package init(takingOwnershipOf descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// What a non-blocking call brought.
  package enum Outcome<Value> {
    case value(Value)
    /// Nothing at the moment; epoll(7) will tell.
    case wouldBlock
    /// The peer has finished sending.
    case end
  }

  /// Opens a non-blocking socket and starts to connect it; epoll(7) reports it writable once that has worked or
  /// failed, and `pendingError` says which.
  package static func connecting(to address: SocketAddress) throws(SystemError) -> StreamSocket {
    let socket = try open(address.family, flags: Int32(SOCK_NONBLOCK.rawValue))
    let status = unsafe address.withKernelForm { unsafe connect(socket.descriptor.rawValue, $0, $1) }
    // An interrupted non-blocking connect goes on in the background, connect(2).
    guard status == 0 || errno == EINPROGRESS || errno == EINTR else { throw .last("connect") }
    return socket
  }

  /// Opens a blocking socket that listens at `address`; port 0 lets the kernel choose.
  package static func listening(at address: SocketAddress, backlog: Int32 = 4096) throws(SystemError) -> StreamSocket {
    let socket = try open(address.family, flags: 0)
    try socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
    guard unsafe address.withKernelForm({ unsafe bind(socket.descriptor.rawValue, $0, $1) }) == 0 else {
      throw .last("bind")
    }
    guard listen(socket.descriptor.rawValue, backlog) == 0 else { throw .last("listen") }
    return socket
  }

  private static func open(_ family: SocketAddress.Family, flags: Int32) throws(SystemError) -> StreamSocket {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
    let number = socket(family == .ipv4 ? AF_INET : AF_INET6, kind, 0)
    guard number >= 0 else { throw .last("socket") }
    return StreamSocket(takingOwnershipOf: Descriptor(takingOwnershipOf: number))
  }

  /// Waits for the next connection on a listening socket.
  package func accept() throws(SystemError) -> StreamSocket {
    while true {
      let number = Glibc.accept(descriptor.rawValue, nil, nil)
      if number >= 0 { return StreamSocket(takingOwnershipOf: Descriptor(takingOwnershipOf: number)) }
      guard errno == EINTR || errno == ECONNABORTED else { throw .last("accept") }
    }
  }

  /// The address of this end.
  package func localAddress() throws(SystemError) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let address: SocketAddress? = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe getsockname(descriptor.rawValue, generic, &length) == 0 ? unsafe SocketAddress(generic) : nil
      }
    }
    guard let address else { throw .last("getsockname") }
    return address
  }

  /// Takes the error that the kernel holds for this socket, socket(7) `SO_ERROR`; `nil` when there is none.
  package func pendingError() -> Errno? {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(descriptor.rawValue, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
      return Errno(rawValue: errno)
    }
    return code == 0 ? nil : Errno(rawValue: code)
  }

  /// Sends as many of `bytes` as the kernel takes at once, and says how many.
  package func send(_ bytes: Span<UInt8>) throws(SystemError) -> Outcome<Int> {
    while true {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(descriptor.rawValue, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 { return .value(count) }
      if errno == EAGAIN { return .wouldBlock }
      guard errno == EINTR else { throw .last("send") }
    }
  }

  /// Receives up to `limit` bytes.
  package func receive(limit: Int) throws(SystemError) -> Outcome<[UInt8]> {
    while true {
      var count = 0
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
        count = unsafe recv(descriptor.rawValue, buffer.baseAddress, buffer.count, 0)
        initialized = max(0, count)
      }
      if count > 0 { return .value(bytes) }
      if count == 0 { return .end }
      if errno == EAGAIN { return .wouldBlock }
      guard errno == EINTR else { throw .last("recv") }
    }
  }

  /// Ends both directions, so that whoever is blocked in a call on this socket returns from it.
  package func shutDown() {
    // Fails on a socket that is not connected any more, which is what is wanted.
    _ = shutdown(descriptor.rawValue, Int32(SHUT_RDWR))
  }

  /// Makes closing the socket send a reset instead of an orderly end, socket(7) `SO_LINGER`.
  package func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      descriptor.rawValue, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  private func set(_ level: Int32, _ name: Int32, _ value: Int32) throws(SystemError) {
    var value = value
    guard
      unsafe setsockopt(descriptor.rawValue, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    else { throw .last("setsockopt") }
  }
}
