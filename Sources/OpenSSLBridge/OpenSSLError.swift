// SPDX-License-Identifier: Apache-2.0

/// A call into OpenSSL that failed, with everything the library had to say about it.
///
/// The texts come from OpenSSL and never hold key material, passwords or file contents.
package struct OpenSSLError: Error, Hashable, Sendable {
  /// One record of OpenSSL's error queue, `ERR_get_error_all(3)`.
  package struct Entry: Hashable, Sendable {
    /// The packed error code, stable within one OpenSSL release series.
    package let code: UInt
    /// The part of the library that complained, such as "x509 certificate routines".
    package let library: String
    /// What it complained about, such as "key values mismatch".
    package let reason: String
    /// What it added, or nil.
    package let data: String?
  }

  /// The OpenSSL function that failed.
  package let function: String
  /// The error queue, oldest record first.
  ///
  /// The first one is usually the cause. May be empty.
  package let entries: [Entry]

  package init(function: String, entries: [Entry]) {
    self.function = function
    self.entries = entries
  }
}

extension OpenSSLError: CustomStringConvertible {
  package var description: String {
    guard !entries.isEmpty else { return "\(function) failed and gave no reason" }
    return "\(function): " + entries.map(\.description).joined(separator: "; ")
  }
}

extension OpenSSLError.Entry: CustomStringConvertible {
  package var description: String {
    let text = "\(reason) (\(library))"
    return data.map { "\(text): \($0)" } ?? text
  }
}
