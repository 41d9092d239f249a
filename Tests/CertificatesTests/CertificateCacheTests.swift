// SPDX-License-Identifier: Apache-2.0

import Certificates
import Testing

struct CertificateCacheTests {
  private struct Unreadable: Error {}

  /// Values that tell which call made them.
  private struct Maker {
    var calls = 0

    mutating func value(_ bytes: [UInt8], from cache: CertificateCache<Int>) -> Int {
      let call = calls + 1
      var wasMade = false
      let value = cache.value(for: bytes) {
        wasMade = true
        return call
      }
      if wasMade { calls = call }
      return value
    }
  }

  @Test func `what is asked for again and again is made once, however many come between`() {
    let cache = CertificateCache<Int>(capacity: 4)
    var maker = Maker()
    let issuer: [UInt8] = [0]
    for leaf in UInt8(1)...12 {
      #expect(maker.value(issuer, from: cache) == 1)
      #expect(maker.value([leaf], from: cache) == Int(leaf) + 1)
    }
    #expect(maker.value([12], from: cache) == 13)
    #expect(maker.value([1], from: cache) == 14, "long forgotten")
  }

  @Test func `a failure is not remembered`() throws {
    let cache = CertificateCache<Int>()
    for _ in 0..<2 {
      #expect(throws: Unreadable.self) { try cache.value(for: [1]) { throw Unreadable() } }
    }
    #expect(cache.value(for: [1]) { 2 } == 2)
  }

  @Test func `what only a hostile peer sends takes no memory`() {
    let cache = CertificateCache<Int>()
    var maker = Maker()
    let huge = [UInt8](repeating: 0, count: 20_000)
    #expect(maker.value(huge, from: cache) == 1)
    #expect(maker.value(huge, from: cache) == 2)
  }
}
