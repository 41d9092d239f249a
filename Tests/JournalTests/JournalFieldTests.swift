// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Journal

struct JournalFieldTests {
  @Test(arguments: [
    ("not-after", "CERTROTD_NOT_AFTER"),
    ("endpoint", "CERTROTD_ENDPOINT"),
    ("http.status2", "CERTROTD_HTTP_STATUS2"),
    ("Größe", "CERTROTD_GR__E"),
    ("a=b\nc", "CERTROTD_A_B_C"),
    ("", "CERTROTD_"),
  ])
  func namesHaveThePrefixAndOnlyWhatTheJournalTakes(key: String, name: String) {
    #expect(JournalField.name(forMetadataKey: key) == name)
  }

  @Test func namesEndWhereTheJournalWouldRefuseThem() {
    let name = JournalField.name(forMetadataKey: String(repeating: "k", count: 200))
    #expect(name.utf8.count == 64)
    #expect(name.hasPrefix("CERTROTD_KKK"))
  }
}
