// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Bytes that must not leave the process: private keys, passwords, tokens, and the files made of them.
///
/// The memory is its own mapping: locked (mlock(2)) as far as `RLIMIT_MEMLOCK` allows, left out of core files
/// and of forked children (madvise(2) `MADV_DONTDUMP`, `MADV_WIPEONFORK`), and overwritten when the last
/// reference goes. The bytes never change after `init`. Its description shows only their number.
@safe
package final class SecretBytes: Sendable {
  /// How many bytes there are.
  package let count: Int
  // A mapping is written only before `init` returns and in `deinit`, when nobody else can reach it;
  // in between it is read-only to everybody, which is why threads may share it.
  nonisolated(unsafe) private let base: UnsafeMutableRawPointer
  private let mappedLength: Int

  /// Makes `count` bytes, zero at first, and lets `body` fill them.
  package init<Failure: Error>(
    count: Int, initializingWith body: (inout MutableSpan<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    let mappedLength = Self.mappedLength(for: count)
    let base = unsafe Self.map(mappedLength)
    unsafe self.base = base
    self.mappedLength = mappedLength
    self.count = count
    var span = unsafe MutableSpan<UInt8>(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: count)
    try body(&span)
  }

  /// Makes room for `capacity` bytes, lets `body` fill it through a pointer, and keeps as many as it returns.
  ///
  /// For C libraries whose result is at most as long as `capacity`; the pointer must not leave `body`.
  @unsafe
  package init<Failure: Error>(
    capacity: Int, fillingWith body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    let mappedLength = Self.mappedLength(for: capacity)
    let base = unsafe Self.map(mappedLength)
    unsafe self.base = base
    self.mappedLength = mappedLength
    // `count` has to be set before `body` may throw, since a failing `init` still runs `deinit`.
    var filled = 0
    var failure: Failure?
    do throws(Failure) {
      filled = try unsafe body(UnsafeMutableRawBufferPointer(start: base, count: capacity))
    } catch {
      failure = error
    }
    precondition(filled >= 0 && filled <= capacity, "\(filled) bytes were written where \(capacity) fit")
    self.count = filled
    if let failure { throw failure }
  }

  /// Copies `bytes`, which stay where they are; see `init(cleansing:)` to overwrite them.
  package convenience init(copying bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { span in
      for (index, byte) in bytes.enumerated() { span[index] = byte }
    }
  }

  /// Moves `bytes` over: the array is overwritten with zeros and emptied.
  ///
  /// Copies that the array shared its storage with, or left behind when it grew, are out of reach.
  package convenience init(cleansing bytes: inout [UInt8]) {
    self.init(copying: bytes)
    unsafe bytes.withUnsafeMutableBytes { buffer in
      if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
    }
    bytes = []
  }

  deinit {
    unsafe explicit_bzero(base, mappedLength)
    unsafe munmap(base, mappedLength)
  }

  /// Whether there are no bytes.
  package var isEmpty: Bool { count == 0 }

  /// Lends the bytes to `body` as a span.
  package func withSpan<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(
      unsafe Span(_unsafeStart: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: count))
  }

  /// Lends the bytes to `body` as a pointer, for C libraries; the pointer must not leave `body`.
  package func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// Copies the bytes into ordinary memory, for a library that wants an array.
  ///
  /// The copy is neither locked nor overwritten: keep it short, and use `withSpan` wherever that is possible.
  package func copyBytes() -> [UInt8] {
    unsafe withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// Whether both hold the same bytes, found out in a time that depends on their number only.
  package func hasSameBytes(as other: SecretBytes) -> Bool {
    guard count == other.count else { return false }
    var difference: UInt8 = 0
    withSpan { mine in
      other.withSpan { theirs in
        for index in mine.indices { difference |= mine[index] ^ theirs[index] }
      }
    }
    return difference == 0
  }

  private static func mappedLength(for count: Int) -> Int {
    precondition(count >= 0, "a secret cannot have \(count) bytes")
    let page = sysconf(Int32(_SC_PAGESIZE))
    return max(1, (count + page - 1) / page) * page
  }

  private static func map(_ length: Int) -> UnsafeMutableRawPointer {
    let mapped = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let base = unsafe mapped, unsafe base != MAP_FAILED else {
      // As with any other allocation in Swift, there is no way on without memory.
      fatalError("no memory for \(length) secret bytes (errno \(errno))")
    }
    // Each of the three is a further protection that a kernel or a limit may refuse; none is needed to go on.
    _ = unsafe mlock(base, length)
    _ = unsafe madvise(base, length, CLinux_MADV_DONTDUMP)
    _ = unsafe madvise(base, length, CLinux_MADV_WIPEONFORK)
    return unsafe base
  }
}

extension SecretBytes: Equatable {
  package static func == (left: SecretBytes, right: SecretBytes) -> Bool { left.hasSameBytes(as: right) }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The number of bytes, never the bytes.
  package var description: String { "<\(count) secret bytes>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["count": count]) }
}
