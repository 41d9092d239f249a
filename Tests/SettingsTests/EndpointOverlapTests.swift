// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

struct EndpointOverlapTests {
  private static func store(_ name: String, _ endpoints: [String], days: Int) -> KeystoreSettings {
    KeystoreSettings(
      name: name, trust: TrustSettings(endpoints: endpoints), overlap: .seconds(days * 86_400), files: [])
  }

  @Test func `the longest overlap of the keystores that trust an endpoint counts`() {
    let configuration = Configuration(keystores: [
      Self.store("a", ["x", "y"], days: 3), Self.store("b", ["y"], days: 5), Self.store("c", ["z"], days: 90),
    ])
    #expect(configuration.overlap(ofEndpoint: "x") == .seconds(3 * 86_400))
    #expect(configuration.overlap(ofEndpoint: "y") == .seconds(5 * 86_400))
    #expect(configuration.overlap(ofEndpoint: "nobody's") == Defaults.trustOverlap)
  }
}
