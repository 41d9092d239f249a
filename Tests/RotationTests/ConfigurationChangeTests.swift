// SPDX-License-Identifier: Apache-2.0

import Rotation
import Settings
import SystemPackage
import Testing

struct ConfigurationChangeTests {
  private func configuration(_ endpoints: [EndpointSettings]) -> Configuration {
    Configuration(
      endpoints: endpoints, serviceKeys: [ServiceKeySettings(name: "key", source: .file("/k.json"))],
      keystores: [KeystoreSettings(name: "store", files: [])])
  }

  @Test func `a start adds everything`() {
    let change = ConfigurationChange(from: nil, to: configuration([EndpointSettings(name: "a", host: "a")]))
    #expect(change.added == ["endpoint a", "service key key", "keystore store"])
    #expect(change.description == "added endpoint a, service key key, keystore store")
  }

  @Test func `what is equal is not mentioned`() {
    let old = configuration([EndpointSettings(name: "a", host: "a"), EndpointSettings(name: "b", host: "b")])
    var new = configuration([EndpointSettings(name: "b", host: "other"), EndpointSettings(name: "c", host: "c")])
    new.serviceKeys = []
    let change = ConfigurationChange(from: old, to: new)
    #expect(change.added == ["endpoint c"])
    #expect(change.changed == ["endpoint b"])
    #expect(change.removed == ["endpoint a", "service key key"])
    #expect(change.description == "added endpoint c; changed endpoint b; removed endpoint a, service key key")
    #expect(ConfigurationChange(from: old, to: old).description == "nothing in it changed")
  }

  @Test func `long lists are cut`() {
    let many = (1...7).map { EndpointSettings(name: "e\($0)", host: "h") }
    let change = ConfigurationChange(from: Configuration(), to: Configuration(endpoints: many))
    #expect(change.description == "added endpoint e1, endpoint e2, endpoint e3, endpoint e4, endpoint e5 and 2 more")
  }

  @Test func `where an entry is declared does not change it`() {
    var moved = EndpointSettings(name: "a", host: "a")
    moved.declared = Declaration(file: "/other.yaml", line: 9, column: 2)
    let change = ConfigurationChange(
      from: configuration([EndpointSettings(name: "a", host: "a")]), to: configuration([moved]))
    #expect(change.description == "nothing in it changed")
  }
}
