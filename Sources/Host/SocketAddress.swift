// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// An IPv4 or IPv6 address with its TCP port.
package struct SocketAddress: Hashable, Sendable {
  /// Which internet protocol.
  package enum Family: Hashable, Sendable { case ipv4, ipv6 }

  package let family: Family
  package let port: UInt16
  /// 4 or 16 bytes in network order.
  package let bytes: [UInt8]
  /// The interface that a link-local IPv6 address belongs to, 0 for none.
  package let scope: UInt32

  /// Reads an IP address as people write it, such as `192.0.2.1`, `2001:db8::1` or `fe80::1%eth0`; `nil` for anything
  /// else, so that a name never passes for an address.
  package init?(literal text: String, port: UInt16) {
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first.map(String.init) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 16)
    if parts.count == 1, unsafe inet_pton(AF_INET, address, &bytes) == 1 {
      self.init(family: .ipv4, port: port, bytes: Array(bytes.prefix(4)), scope: 0)
    } else if unsafe inet_pton(AF_INET6, address, &bytes) == 1 {
      var scope: UInt32 = 0
      if parts.count == 2 {
        let interface = String(parts[1])
        scope = unsafe UInt32(interface) ?? if_nametoindex(interface)
        guard scope != 0 else { return nil }
      }
      self.init(family: .ipv6, port: port, bytes: bytes, scope: scope)
    } else {
      return nil
    }
  }

  private init(family: Family, port: UInt16, bytes: [UInt8], scope: UInt32) {
    self.family = family
    self.port = port
    self.bytes = bytes
    self.scope = scope
  }

  /// Reads the kernel's form; `nil` for a family that is not IP.
  @unsafe
  init?(_ address: UnsafePointer<sockaddr>) {
    switch Int32(unsafe address.pointee.sa_family) {
    case AF_INET:
      let ipv4 = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
      self.init(
        family: .ipv4, port: UInt16(bigEndian: ipv4.sin_port),
        bytes: unsafe Swift.withUnsafeBytes(of: ipv4.sin_addr) { unsafe Array($0) }, scope: 0)
    case AF_INET6:
      let ipv6 = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
      self.init(
        family: .ipv6, port: UInt16(bigEndian: ipv6.sin6_port),
        bytes: unsafe Swift.withUnsafeBytes(of: ipv6.sin6_addr) { unsafe Array($0) }, scope: ipv6.sin6_scope_id)
    default:
      return nil
    }
  }

  /// Reads a `sockaddr` of any family that a C library hands over; `nil` for a family that is not IP.
  @unsafe
  package init?(kernelForm address: UnsafeRawPointer) {
    unsafe self.init(address.assumingMemoryBound(to: sockaddr.self))
  }

  /// Lends the kernel's form to `body`; the pointer must not leave it.
  func withKernelForm<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    switch family {
    case .ipv4:
      var ipv4 = sockaddr_in()
      ipv4.sin_family = sa_family_t(AF_INET)
      ipv4.sin_port = port.bigEndian
      unsafe Swift.withUnsafeMutableBytes(of: &ipv4.sin_addr) { unsafe $0.copyBytes(from: bytes) }
      return unsafe Swift.withUnsafeBytes(of: &ipv4) { raw in
        unsafe Self.call(body, raw)
      }
    case .ipv6:
      var ipv6 = sockaddr_in6()
      ipv6.sin6_family = sa_family_t(AF_INET6)
      ipv6.sin6_port = port.bigEndian
      ipv6.sin6_scope_id = scope
      unsafe Swift.withUnsafeMutableBytes(of: &ipv6.sin6_addr) { unsafe $0.copyBytes(from: bytes) }
      return unsafe Swift.withUnsafeBytes(of: &ipv6) { raw in
        unsafe Self.call(body, raw)
      }
    }
  }

  private static func call<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result, _ raw: UnsafeRawBufferPointer
  ) -> Result {
    guard let start = raw.baseAddress else { preconditionFailure("a socket address has bytes") }
    return unsafe body(start.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
  }

  /// The address alone, such as `127.0.0.1` or `::1`, as inet_ntop(3) writes it, with `%N` for a scope.
  package var host: String {
    let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
      unsafe inet_ntop(family == .ipv4 ? AF_INET : AF_INET6, bytes, buffer.baseAddress, socklen_t(buffer.count))
        .map { unsafe String(cString: $0) } ?? "?"
    }
    return scope == 0 ? text : "\(text)%\(scope)"
  }

  /// The same address with another port.
  package func with(port: UInt16) -> SocketAddress {
    SocketAddress(family: family, port: port, bytes: bytes, scope: scope)
  }
}

extension SocketAddress: CustomStringConvertible {
  /// Such as `127.0.0.1:443` or `[::1]:443`.
  package var description: String { family == .ipv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }
}
