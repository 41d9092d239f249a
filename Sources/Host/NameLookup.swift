// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Why a name has no addresses, getaddrinfo(3).
package enum NameLookupError: Error, Hashable, Sendable {
  /// There is no such name, or it has no IP address.
  case unknownName
  /// The resolver has no answer at present.
  case temporary
  /// Anything else, in the C library's words.
  case other(String)
}

/// Name look-up through the host's own resolver.
package enum NameLookup {
  /// The addresses of `host` in the order in which to try them (RFC 6724); blocks for as long as the resolver likes.
  ///
  /// - Parameters:
  ///   - host: A name; it may be an IP address too.
  ///   - port: Becomes the port of each address.
  /// - Returns: At least one address, none of them twice.
  /// - Throws: `NameLookupError`.
  package static func addresses(
    host: String, port: UInt16
  ) throws(NameLookupError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>? = nil
    let status = unsafe getaddrinfo(host, String(port), &hints, &list)
    defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
    switch status {
    case 0: break
    case EAI_NONAME, CLinux_EAI_NODATA, CLinux_EAI_ADDRFAMILY: throw .unknownName
    case EAI_AGAIN: throw .temporary
    case EAI_SYSTEM: throw .other(SystemError.last("getaddrinfo").description)
    default: throw .other(unsafe gai_strerror(status).map { unsafe String(cString: $0) } ?? "error \(status)")
    }
    var addresses: [SocketAddress] = []
    var entry = unsafe list
    while let current = unsafe entry {
      if let raw = unsafe current.pointee.ai_addr, let address = unsafe SocketAddress(raw),
        !addresses.contains(address)
      {
        addresses.append(address)
      }
      unsafe entry = current.pointee.ai_next
    }
    guard !addresses.isEmpty else { throw .unknownName }
    return addresses
  }
}
