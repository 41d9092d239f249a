// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

/// How often mistakes quote what stands in the configuration, and what of it.
struct QuotedValueTests {
  @Test func `a name that cannot be is told once, where it is given`() {
    let found = mistakes(
      """
      endpoints: {s4 hana: {url: a.example}}
      service-keys: {my key: {from: {file: /etc/certrotd/keys/a.json}}}
      keystores:
        k:
          identity: {service-key: my key}
          trust: {endpoints: [s4 hana]}
          files: [{pfx: {path: k.pfx, empty-password: true}}]
      """)
    #expect(found.map { String($0.prefix(5)) } == ["1:13:", "2:16:"], "\(found)")
  }

  @Test(arguments: [
    "endpoints: {a: {url: a.example, server-name: \"https://b.example/x?client_id=1&client_secret=geheim\"}}",
    "endpoints: {a: {url: \"ftp://a.example/?client_secret=geheim;x=1\"}}",
    "endpoints: {a: {url: a.example, anchors: \"https://b.example#access_token=geheim\"}}",
    "keystores: {a: {identity: \"https://b.example?client_secret=geheim\", files: [{pse: {path: a}}]}}",
    "endpoints: {\"https://b.example?client_secret=geheim\": {url: a.example}}",
    "service-keys: {a: {from: {file: \"x?client_secret=geheim\"}}}",
  ])
  func `what stands behind an address is not quoted`(yaml: String) {
    let found = mistakes(yaml)
    #expect(!found.isEmpty && !found.joined().contains("geheim"), "\(found)")
  }
}
