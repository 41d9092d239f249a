// SPDX-License-Identifier: Apache-2.0

/// One OpenSSL object that this process owns a reference to; it is released when the handle ends.
///
/// A handle in a local constant ends with its scope, never before (SE-0390), so that its pointer may be used all through.
@safe
struct Handle: ~Copyable {
  /// The object, valid as long as the handle lives.
  @unsafe let pointer: OpaquePointer
  private let release: @convention(c) (OpaquePointer?) -> Void

  /// Takes over a reference that the caller owned.
  ///
  /// - Parameters:
  ///   - pointer: The object.
  ///   - release: Its `…_free` function; one that overwrites memory for objects that hold a secret.
  init(takingOwnership pointer: OpaquePointer, release: @escaping @convention(c) (OpaquePointer?) -> Void) {
    unsafe self.pointer = unsafe pointer
    unsafe self.release = unsafe release
  }

  /// Calls a function that makes an object and takes the result over.
  ///
  /// - Parameters:
  ///   - function: The OpenSSL function, for the error.
  ///   - release: The object's `…_free` function.
  ///   - call: Returns a new reference, or nil for failure.
  /// - Returns: The handle.
  /// - Throws: `OpenSSLError` when `call` returned nil.
  static func make(
    _ function: StaticString, release: @escaping @convention(c) (OpaquePointer?) -> Void,
    _ call: () -> OpaquePointer?
  ) throws(OpenSSLError) -> Handle {
    unsafe Handle(takingOwnership: try OpenSSLCall.pointer(function, call), release: release)
  }

  deinit { unsafe release(pointer) }

  /// Gives the reference to somebody who will release it.
  @unsafe
  consuming func relinquish() -> OpaquePointer {
    let pointer = unsafe self.pointer
    discard self
    return unsafe pointer
  }
}
