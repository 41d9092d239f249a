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
///
/// The same generator also makes blank keys, for whoever asks for parameters alone: a TLS 1.2 client puts the server's
/// public key into one. Those are neither shared nor counted.
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
    guard let begin = function(OSSL_FUNC_KEYMGMT_GEN_INIT), let generate = function(OSSL_FUNC_KEYMGMT_GEN),
      let end = function(OSSL_FUNC_KEYMGMT_GEN_CLEANUP), let copy = function(OSSL_FUNC_KEYMGMT_DUP),
      let has = function(OSSL_FUNC_KEYMGMT_HAS), let free = function(OSSL_FUNC_KEYMGMT_FREE)
    else { return unsafe algorithm }
    // The numbers stand for these types in core_dispatch.h; the table holds them untyped.
    let functions = unsafe Functions(
      begin: unsafeBitCast(begin, to: Begin.self), generate: unsafeBitCast(generate, to: Generate.self),
      end: unsafeBitCast(end, to: Free.self), copy: unsafeBitCast(copy, to: Copy.self),
      has: unsafeBitCast(has, to: Has.self), free: unsafeBitCast(free, to: Free.self))
    shared.withLock { $0.functions = functions }
    let beginning: Begin = unsafe beginShared
    let generating: Generate = unsafe generateShared
    let ending: Free = unsafe endShared
    for index in table.indices {
      switch table[index].function_id {
      case OSSL_FUNC_KEYMGMT_GEN_INIT: table[index].function = unsafe unsafeBitCast(beginning, to: Untyped.self)
      case OSSL_FUNC_KEYMGMT_GEN: table[index].function = unsafe unsafeBitCast(generating, to: Untyped.self)
      case OSSL_FUNC_KEYMGMT_GEN_CLEANUP: table[index].function = unsafe unsafeBitCast(ending, to: Untyped.self)
      default: continue
      }
    }
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
  fileprivate typealias Begin =
    @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<OSSL_PARAM>?) -> UnsafeMutableRawPointer?
  fileprivate typealias Generate =
    @convention(c) (UnsafeMutableRawPointer?, Progress?, UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  fileprivate typealias Copy = @convention(c) (UnsafeRawPointer?, Int32) -> UnsafeMutableRawPointer?
  fileprivate typealias Has = @convention(c) (UnsafeRawPointer?, Int32) -> Int32
  fileprivate typealias Free = @convention(c) (UnsafeMutableRawPointer?) -> Void

  @safe
  fileprivate struct Functions: Sendable {
    let begin: Begin
    let generate: Generate
    let end: Free
    let copy: Copy
    let has: Has
    let free: Free
  }

  /// The key that is handed out now, and who is to get none of it.
  @safe
  fileprivate struct Shared: ~Copyable {
    var functions: Functions?
    var key: UnsafeMutableRawPointer?
    var uses = 0
    /// The requests under way for parameters alone, by their address.
    var blankRequests: Set<UInt> = []

    /// A copy of the key, of a new one when this one has served; a blank one for a request of parameters.
    mutating func next(
      _ request: UnsafeMutableRawPointer?, _ progress: Progress?, _ argument: UnsafeMutableRawPointer?
    )
      -> UnsafeMutableRawPointer?
    {
      guard let functions else { return nil }
      guard !blankRequests.contains(UInt(bitPattern: request)) else {
        return unsafe functions.generate(request, progress, argument)
      }
      if unsafe key == nil || uses == KeyShareReuse.limit {
        guard let made = unsafe functions.generate(request, progress, argument) else { return nil }
        // Whatever a later OpenSSL may make here: without its private half no copy of it could end a handshake.
        guard unsafe functions.has(made, OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 1 else { return unsafe made }
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

/// `OSSL_FUNC_keymgmt_gen_init` of provider-keymgmt(7): notes who asks for no key.
private func beginShared(
  _ provider: UnsafeMutableRawPointer?, _ selection: Int32, _ settings: UnsafePointer<OSSL_PARAM>?
) -> UnsafeMutableRawPointer? {
  guard let functions = KeyShareReuse.shared.withLock({ $0.functions }) else { return nil }
  let request = unsafe functions.begin(provider, selection, settings)
  if selection & OSSL_KEYMGMT_SELECT_KEYPAIR == 0, let request = unsafe request {
    let address = UInt(bitPattern: request)
    KeyShareReuse.shared.withLock { _ = $0.blankRequests.insert(address) }
  }
  return unsafe request
}

/// `OSSL_FUNC_keymgmt_gen_cleanup` of provider-keymgmt(7).
private func endShared(_ request: UnsafeMutableRawPointer?) {
  let address = UInt(bitPattern: request)
  // Forgotten before it is freed: another thread may get the same address at once.
  let functions = KeyShareReuse.shared.withLock { shared in
    shared.blankRequests.remove(address)
    return shared.functions
  }
  unsafe functions?.end(request)
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
