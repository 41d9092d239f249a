// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Synchronization

/// Lets handshakes share the client's X25519 key, so that not each of them makes one.
///
/// Making it costs as much as checking the server's signature. What it would buy is the secrecy of what is sent later
/// (RFC 8446, section E.1), and a probe sends nothing. A server's signature covers the client's random value, which stays
/// new for each handshake, so an old answer cannot be replayed.
///
/// It wraps the default provider's own key management and is used in ``TLSLibrary`` alone: no key that is kept comes
/// from there. See provider-keymgmt(7).
enum KeyShareReuse {
  /// How many handshakes share one key.
  static let limit = 256

  /// The algorithm with a generator that hands out copies; as it is where the provider cannot copy keys.
  ///
  /// - Parameter algorithm: The provider's X25519 key management; its table must live as long as the process.
  /// - Returns: The same with a table of its own, which is never freed.
  static func wrapping(_ algorithm: OSSL_ALGORITHM) -> OSSL_ALGORITHM {
    var table: [OSSL_DISPATCH] = []
    var next = unsafe algorithm.implementation
    while let entry = unsafe next, unsafe entry.pointee.function_id != 0 {
      unsafe table.append(entry.pointee)
      unsafe next = unsafe entry + 1
    }
    func function(_ id: Int32) -> Untyped? {
      table.first { $0.function_id == id }.flatMap { $0.function }
    }
    guard let generate = function(OSSL_FUNC_KEYMGMT_GEN), let copy = function(OSSL_FUNC_KEYMGMT_DUP),
      let free = function(OSSL_FUNC_KEYMGMT_FREE),
      let place = table.firstIndex(where: { $0.function_id == OSSL_FUNC_KEYMGMT_GEN })
    else { return unsafe algorithm }
    // The numbers stand for these types in core_dispatch.h; the table holds them untyped.
    let functions = unsafe Functions(
      generate: unsafeBitCast(generate, to: Generate.self), copy: unsafeBitCast(copy, to: Copy.self),
      free: unsafeBitCast(free, to: Free.self))
    shared.withLock { $0.functions = functions }
    let wrapper: Generate = unsafe generateShared
    table[place].function = unsafe unsafeBitCast(wrapper, to: Untyped.self)
    let copied = UnsafeMutablePointer<OSSL_DISPATCH>.allocate(capacity: table.count + 1)
    for (index, entry) in table.enumerated() { unsafe (copied + index).initialize(to: entry) }
    unsafe (copied + table.count).initialize(to: OSSL_DISPATCH(function_id: 0, function: nil))
    var wrapped = unsafe algorithm
    unsafe wrapped.implementation = unsafe UnsafePointer(copied)
    return unsafe wrapped
  }

  fileprivate typealias Untyped = @convention(c) () -> Void
  fileprivate typealias Progress =
    @convention(c) (UnsafePointer<OSSL_PARAM>?, UnsafeMutableRawPointer?) -> Int32
  fileprivate typealias Generate =
    @convention(c) (UnsafeMutableRawPointer?, Progress?, UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  fileprivate typealias Copy = @convention(c) (UnsafeRawPointer?, Int32) -> UnsafeMutableRawPointer?
  fileprivate typealias Free = @convention(c) (UnsafeMutableRawPointer?) -> Void

  @safe
  fileprivate struct Functions: Sendable {
    let generate: Generate
    let copy: Copy
    let free: Free
  }

  /// The key that is handed out now.
  @safe
  fileprivate struct Shared: ~Copyable {
    var functions: Functions?
    var key: UnsafeMutableRawPointer?
    var uses = 0

    /// A copy of the key, of a new one when this one has served.
    mutating func next(
      _ request: UnsafeMutableRawPointer?, _ progress: Progress?, _ argument: UnsafeMutableRawPointer?
    )
      -> UnsafeMutableRawPointer?
    {
      guard let functions else { return nil }
      if unsafe key == nil || uses == KeyShareReuse.limit {
        guard let made = unsafe functions.generate(request, progress, argument) else { return nil }
        unsafe functions.free(key)
        unsafe key = unsafe made
        uses = 0
      }
      uses += 1
      return unsafe functions.copy(key, OSSL_KEYMGMT_SELECT_ALL)
    }
  }

  fileprivate static let shared = Mutex(Shared())
}

/// `OSSL_FUNC_keymgmt_gen` of provider-keymgmt(7).
private func generateShared(
  _ request: UnsafeMutableRawPointer?, _ progress: KeyShareReuse.Progress?, _ argument: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  // The lock's closure may not take pointers of another isolation along; their bits may cross.
  let (request, argument) = (UInt(bitPattern: request), UInt(bitPattern: argument))
  let made = KeyShareReuse.shared.withLock { shared in
    UInt(
      bitPattern: unsafe shared.next(
        UnsafeMutableRawPointer(bitPattern: request), progress, UnsafeMutableRawPointer(bitPattern: argument)))
  }
  return unsafe UnsafeMutableRawPointer(bitPattern: made)
}
