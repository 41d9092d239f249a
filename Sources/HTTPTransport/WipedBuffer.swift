// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host

/// Growing memory at a fixed place that is overwritten whenever it is given back.
///
/// libcurl wants pointers that stay valid for a whole transfer, which `SecretBytes` does not lend.
@safe
struct WipedBuffer: ~Copyable {
  private var memory: UnsafeMutableRawBufferPointer
  /// How many bytes are in use.
  private(set) var count = 0

  init(capacity: Int = 256) {
    unsafe memory = .allocate(byteCount: max(capacity, 1), alignment: 16)
  }

  init(copying bytes: Span<UInt8>) {
    self.init(capacity: bytes.count)
    append(bytes)
  }

  init(copying secret: SecretBytes) {
    self.init(capacity: secret.count)
    secret.withSpan { append($0) }
  }

  init(copying other: borrowing WipedBuffer) {
    self.init(capacity: other.count)
    unsafe append(contentsOf: UnsafeRawBufferPointer(rebasing: other.memory[..<other.count]))
  }

  /// With a NUL behind, as C wants texts.
  init(cString secret: SecretBytes) {
    self.init(capacity: secret.count + 1)
    secret.withSpan { append($0) }
    append([0 as UInt8].span)
  }

  deinit { unsafe Self.release(memory) }

  mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }

  @unsafe
  mutating func append(contentsOf bytes: UnsafeRawBufferPointer) {
    reserve(count + bytes.count)
    unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
    count += bytes.count
  }

  /// Forgets the content and keeps the memory.
  mutating func removeAll() {
    if let start = unsafe memory.baseAddress { unsafe explicit_bzero(start, memory.count) }
    count = 0
  }

  /// The content as a secret of its own.
  func secret() -> SecretBytes { unsafe SecretBytes(copying: UnsafeRawBufferPointer(rebasing: memory[..<count])) }

  /// Where the content lies, until the buffer grows or goes.
  @unsafe var start: UnsafeMutableRawPointer? { unsafe memory.baseAddress }

  private mutating func reserve(_ needed: Int) {
    guard unsafe needed > memory.count else { return }
    let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(needed, 2 * memory.count), alignment: 16)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
    unsafe Self.release(memory)
    unsafe memory = larger
  }

  private static func release(_ memory: UnsafeMutableRawBufferPointer) {
    if let start = memory.baseAddress { unsafe explicit_bzero(start, memory.count) }
    unsafe memory.deallocate()
  }
}
