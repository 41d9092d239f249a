// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The one way from this room into OpenSSL functions that report through the error queue.
///
/// The queue belongs to the thread, so that an old record could be taken for a new one, and a task that
/// suspends could find another's records. Each function here therefore clears the queue, calls and drains it
/// without a suspension in between; the closures are synchronous.
enum OpenSSLCall {
  /// Runs a call whose failure is nil.
  ///
  /// - Parameters:
  ///   - function: The OpenSSL function, for the error.
  ///   - call: Returns nil for failure, as functions that return pointers do.
  /// - Returns: What `call` returned.
  /// - Throws: `OpenSSLError` when `call` returned nil.
  static func pointer<Pointer>(
    _ function: StaticString, _ call: () -> Pointer?
  ) throws(OpenSSLError) -> Pointer {
    ERR_clear_error()
    guard let result = call() else { throw OpenSSLError(function: "\(function)", entries: drain()) }
    return result
  }

  /// Runs a call whose failure is zero or a negative number.
  ///
  /// - Parameters:
  ///   - function: The OpenSSL function, for the error.
  ///   - call: Returns zero or a negative number for failure.
  /// - Returns: What `call` returned.
  /// - Throws: `OpenSSLError` when `call` returned zero or less.
  @discardableResult
  static func success<Number: FixedWidthInteger>(
    _ function: StaticString, _ call: () -> Number
  ) throws(OpenSSLError) -> Number {
    ERR_clear_error()
    let result = call()
    guard result > 0 else { throw OpenSSLError(function: "\(function)", entries: drain()) }
    return result
  }

  /// Runs `call` and returns its result beside the records that it left in the queue, for functions whose
  /// result alone does not say whether they failed, such as `SSL_do_handshake(3)` with `SSL_get_error(3)`.
  static func observed<Result>(_ call: () -> Result) -> (result: Result, entries: [OpenSSLError.Entry]) {
    ERR_clear_error()
    let result = call()
    return (result, drain())
  }

  /// Takes all records from this thread's queue, oldest first.
  private static func drain() -> [OpenSSLError.Entry] {
    var entries: [OpenSSLError.Entry] = []
    while true {
      var data: UnsafePointer<CChar>? = nil
      var flags: CInt = 0
      let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
      guard code != 0 else { return entries }
      var text: String?
      if flags & ERR_TXT_STRING != 0, let data = unsafe data {
        let string = unsafe String(cString: data)
        text = string.isEmpty ? nil : string
      }
      unsafe entries.append(
        OpenSSLError.Entry(
          code: code, library: ERR_lib_error_string(code).map { unsafe String(cString: $0) } ?? "unknown library",
          reason: reason(code), data: text))
    }
  }

  private static func reason(_ code: UInt) -> String {
    if let reason = unsafe ERR_reason_error_string(code) { return unsafe String(cString: reason) }
    // A failed system call has no static text. "error:CODE:LIBRARY:FUNCTION:REASON" is the documented form.
    let line = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      unsafe ERR_error_string_n(code, buffer.baseAddress, buffer.count)
      return unsafe buffer.baseAddress.map { unsafe String(cString: $0) } ?? ""
    }
    let fields = line.split(separator: ":", maxSplits: 4, omittingEmptySubsequences: false)
    return fields.count == 5 ? String(fields[4]) : "reason \(ERR_GET_REASON(code))"
  }
}
