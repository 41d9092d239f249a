// SPDX-License-Identifier: Apache-2.0

import Host
import Testing

struct AddressPlaceTests {
  @Test(arguments: [
    ("127.0.0.1", AddressPlace.loopback as AddressPlace?), ("127.255.1.2", .loopback), ("0.0.0.0", .loopback),
    ("0.1.2.3", .loopback), ("::1", .loopback), ("::", .loopback), ("::ffff:127.0.0.1", .loopback),
    ("::ffff:0.0.0.0", .loopback), ("::127.0.0.1", .loopback), ("64:ff9b::127.0.0.1", .loopback),
    ("169.254.169.254", .linkLocal), ("169.254.0.1", .linkLocal), ("fe80::1", .linkLocal), ("febf::1", .linkLocal),
    ("::ffff:169.254.169.254", .linkLocal), ("64:ff9b::169.254.169.254", .linkLocal), ("fd00:ec2::254", .uniqueLocal),
    ("fc00::1", .uniqueLocal), ("fec0::1", .uniqueLocal), ("192.0.0.192", .uniqueLocal),
    ("100.100.100.200", .uniqueLocal), ("128.0.0.1", nil), ("169.253.0.1", nil), ("10.0.0.1", nil),
    ("192.168.1.1", nil), ("192.0.2.1", nil), ("2001:db8::1", nil), ("::ffff:192.0.2.1", nil), ("::2", nil),
    ("64:ff9b::192.0.2.1", nil), ("fb00::1", nil),
  ])
  func `an address lies where it leads to`(text: String, place: AddressPlace?) throws {
    #expect(try #require(SocketAddress(literal: text, port: 80)).place == place)
  }
}
