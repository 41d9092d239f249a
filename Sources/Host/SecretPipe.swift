// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// A pipe that holds a secret from the start and then ends: the standard input of a program that asks for a password.
///
/// It is filled before anybody reads, so that writing neither waits for the program nor fails when that ends early, and
/// the secret is in the kernel's memory only.
package struct SecretPipe: ~Copyable, Sendable {
  /// The end to read from; it is closed with this value.
  package let readEnd: Descriptor

  /// - Parameter secret: at most 4,096 bytes, which every pipe has room for (pipe(7)).
  /// - Throws: ``SystemError``; `EMSGSIZE` for a longer secret.
  package init(holding secret: SecretBytes) throws(SystemError) {
    guard secret.count <= Self.capacity else {
      throw SystemError(call: "write", errno: .messageTooLong, detail: "a pipe takes \(Self.capacity) bytes at once")
    }
    var ends: (CInt, CInt) = (-1, -1)
    let made = unsafe withUnsafeMutableBytes(of: &ends) { buffer in
      unsafe CLinux_pipe2(buffer.baseAddress?.assumingMemoryBound(to: CInt.self), O_CLOEXEC)
    }
    guard made == 0 else { throw .last("pipe2") }
    let reading = Descriptor(takingOwnershipOf: ends.0)
    let writing = Descriptor(takingOwnershipOf: ends.1)
    let written = unsafe secret.withUnsafeBytes { unsafe write(writing.rawValue, $0.baseAddress, $0.count) }
    guard written == secret.count else { throw .last("write") }
    readEnd = reading
  }

  /// In bytes; `PIPE_BUF`.
  private static let capacity = 4096
}
