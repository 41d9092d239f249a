// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage
import Testing

@Suite struct SecretBytesTests {
  private struct Refusal: Error {}

  @Test func holdsWhatItWasGiven() {
    let secret = SecretBytes(copying: Array("hunter2".utf8))
    #expect(secret.count == 7)
    #expect(secret.copyBytes() == Array("hunter2".utf8))
    #expect(secret.withSpan { span in span[0] } == UInt8(ascii: "h"))
    #expect(SecretBytes(copying: []).isEmpty)
    #expect(SecretBytes(copying: []).copyBytes() == [])
  }

  @Test func keepsAsManyBytesAsTheFillerReturns() {
    let secret = unsafe SecretBytes(capacity: 10_000) { buffer in
      for index in 0..<5000 { unsafe buffer[index] = 7 }
      return 5000
    }
    #expect(secret == SecretBytes(copying: [UInt8](repeating: 7, count: 5000)))
  }

  @Test func passesOnTheErrorOfTheFiller() {
    #expect(throws: Refusal.self) {
      try SecretBytes(count: 5) { (_: inout MutableSpan<UInt8>) throws(Refusal) in throw Refusal() }
    }
    #expect(throws: Refusal.self) {
      try unsafe SecretBytes(capacity: 5) { (_) throws(Refusal) -> Int in throw Refusal() }
    }
  }

  @Test func cleansesTheSource() {
    var source: [UInt8] = [1, 2, 3]
    #expect(SecretBytes(cleansing: &source).copyBytes() == [1, 2, 3])
    #expect(source.isEmpty)
  }

  @Test func comparesByBytes() {
    #expect(SecretBytes(copying: [1, 2]) == SecretBytes(copying: [1, 2]))
    #expect(SecretBytes(copying: [1, 2]) != SecretBytes(copying: [1, 3]))
    #expect(SecretBytes(copying: [1, 2]) != SecretBytes(copying: [1, 2, 0]))
  }

  @Test func showsOnlyItsLength() {
    let secret = SecretBytes(copying: Array("hunter2".utf8))
    var dumped = ""
    dump(secret, to: &dumped)
    #expect("\(secret)" == "<7 secret bytes>")
    #expect(String(reflecting: [secret]) == "[<7 secret bytes>]")
    #expect(!dumped.contains("hunter") && !dumped.contains("104"))
  }

  /// /proc/self/smaps lists for every mapping its flags: `lo` locked, `dd` not in core files (proc(5)).
  @Test(
    .disabled(
      if: unsafe getenv("TSAN_OPTIONS") != nil || getenv("ASAN_OPTIONS") != nil, "a sanitizer lets mlock(2) do nothing")
  )
  func memoryIsLockedAndLeftOutOfCoreFiles() throws {
    let secret = SecretBytes(copying: [1])
    let address = unsafe secret.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    let maps = String(decoding: try HostFiles().readFile("/proc/self/smaps", limit: 64 << 20), as: UTF8.self)
    var isOurs = false
    var flags: [Substring] = []
    for line in maps.split(separator: "\n") {
      let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
      if bounds.count == 2 { isOurs = bounds[0] <= address && address < bounds[1] }
      if isOurs, line.hasPrefix("VmFlags:") { flags = line.split(separator: " ") }
    }
    #expect(flags.contains("dd") && flags.contains("lo") && flags.contains("wf"))
  }
}
