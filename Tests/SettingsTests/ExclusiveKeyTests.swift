// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

/// Keys of which only one may stand, or stand once: what is wrong in them is told in the same run.
struct ExclusiveKeyTests {
  @Test func `what excludes each other is examined all the same`() {
    let found = mistakes(
      """
      endpoints:
        a:
          url: a.example
          anchors: {bundle: /etc/none.pem, pins: [sha256:12]}
      keystores:
        k:
          identity: {service-key: gone, pem: {certificate: /etc/none.crt, key: /etc/none.key}}
          files: [{pem: {certificate: c.pem, mode: "0999"}, pse: {path: ../k.pse}}]
      """)
    let parts = [
      "endpoints.a.anchors: only one of the keys 'bundle', 'pins'",
      "endpoints.a.anchors.bundle: /etc/none.pem does not exist",
      "endpoints.a.anchors.pins[0]: ", "keystores.k.identity: only one of the keys",
      "keystores.k.identity.service-key: there is no service key 'gone'",
      "keystores.k.identity.pem.certificate: /etc/none.crt does not exist",
      "keystores.k.identity.pem.key: /etc/none.key does not exist", "keystores.k.files[0]: only one of the keys",
      "keystores.k.files[0].pem.mode: ", "keystores.k.files[0].pse.path: '../k.pse' leads out",
    ]
    for part in parts { #expect(found.contains { $0.contains(part) }, "\(part): \(found)") }
  }

  @Test func `a key that stands twice is named with what leads to it`() {
    let found = mistakes(
      "endpoints:\n  b5: {url: a.example}\n  b5: {url: b.example}\n  c: {url: c.example, url: d.example}\n")
    #expect(
      found == [
        "3:3: error: endpoints.b5: duplicate key 'b5'; the first one is in line 2",
        "4:23: error: endpoints.c.url: duplicate key 'url'; the first one is in line 4",
      ])
    #expect(mistakes("a: [{b: {c: 1, c: 2}}]").contains { $0.contains("error: a[0].b.c: duplicate key 'c'") })
  }
}
