// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

struct NoProxyListTests {
  @Test(arguments: [
    ("corp.example", "corp.example", true), ("corp.example", "a.corp.example", true),
    ("corp.example", "notcorp.example", false), (".corp.example", "corp.example", false),
    (".corp.example", "a.corp.example", true), ("*.corp.example", "a.b.corp.example", true),
    ("CORP.example", "a.Corp.Example", true), ("*", "anything.example", true), ("192.0.2.7", "192.0.2.7", true),
    ("10.0.0.0/8", "10.200.1.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.0.0.0/8", "10.example", false),
    ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.129", true),
    ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
    ("::1", "0:0:0:0:0:0:0:1", true), ("[::1]:443", "::1", true), ("corp.example:8443", "corp.example", false),
    ("corp.example:443", "a.corp.example", true), ("0.0.0.0/0", "198.51.100.1", true),
    ("corp.example:x", "corp.example", false),
  ])
  func `a list covers what it names`(entry: String, host: String, covered: Bool) {
    #expect(NoProxyList([entry]).covers(host: host, port: 443) == covered)
  }

  @Test func `an empty list covers nothing`() {
    #expect(!NoProxyList().covers(host: "a.example", port: 443))
  }

  @Test(arguments: [
    "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/+8", "::1/129", "1::2::3",
    "12345::",
    ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "g::", "", "/8", "::ffff:1.2.3",
  ])
  func `damaged addresses are none`(text: String) {
    #expect(AddressRange(text) == nil)
  }

  @Test func `addresses are taken apart`() {
    #expect(AddressRange("192.0.2.7")?.bytes == [192, 0, 2, 7])
    #expect(AddressRange("::")?.bytes == [UInt8](repeating: 0, count: 16))
    #expect(AddressRange("::ffff:192.0.2.7")?.bytes.suffix(6) == [0xFF, 0xFF, 192, 0, 2, 7])
    #expect(AddressRange("2001:db8::1")?.bytes.prefix(4) == [0x20, 0x01, 0x0D, 0xB8])
    #expect(AddressRange("192.0.2.0/24")?.isSingle == false)
  }
}
