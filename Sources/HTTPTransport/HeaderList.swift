// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc

/// The header fields of a request in libcurl's form, wiped when they go.
@safe
final class HeaderList {
  private var first: UnsafeMutablePointer<curl_slist>?

  /// For `CURLOPT_HTTPHEADER`; valid as long as this object and until the next `append`.
  @unsafe var pointer: UnsafeMutableRawPointer? { unsafe first.map { UnsafeMutableRawPointer($0) } }

  func append(_ line: borrowing WipedBuffer) throws(HTTPFailure) {
    // libcurl wants a C string.
    var text = WipedBuffer(copying: line)
    text.append([0 as UInt8].span)
    let longer = unsafe curl_slist_append(first, text.start?.assumingMemoryBound(to: CChar.self))
    guard let longer = unsafe longer else { throw .unexpected(detail: "no memory for the header fields") }
    unsafe first = longer
  }

  func append(_ line: StaticString) throws(HTTPFailure) {
    try append(WipedBuffer(copying: Array(line.description.utf8).span))
  }

  deinit {
    var entry = unsafe first
    while let current = unsafe entry {
      if let text = unsafe current.pointee.data { unsafe explicit_bzero(text, strlen(text)) }
      unsafe entry = current.pointee.next
    }
    unsafe curl_slist_free_all(first)
  }
}
