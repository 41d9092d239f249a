// SPDX-License-Identifier: Apache-2.0

import Host

/// A password as C wants it: with a zero byte at its end.
struct CPassword: Sendable {
  private let bytes: SecretBytes

  init(_ password: SecretBytes) throws(PKCS12Error) {
    let holdsZero = password.withSpan { span in span.indices.contains { span[$0] == 0 } }
    guard !holdsZero else { throw .passwordHoldsZeroByte }
    bytes = SecretBytes(count: password.count + 1) { target in
      password.withSpan { source in
        for index in source.indices { target[index] = source[index] }
      }
    }
  }

  var isEmpty: Bool { bytes.count == 1 }

  func withCString<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafePointer<CChar>?) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(Failure) -> Result in
      try unsafe body(buffer.assumingMemoryBound(to: CChar.self).baseAddress)
    }
  }
}
