// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

struct DurationTextTests {
  @Test(arguments: [
    ("0s", 0), ("90s", 90), ("90m", 5400), ("48h", 172_800), ("825d", 71_280_000), ("2w", 1_209_600),
    ("1d12h", 129_600), ("1w1d1h1m1s", 694_861), ("36500d", 3_153_600_000),
  ])
  func `durations are read`(text: String, seconds: Int) {
    #expect(DurationText.parse(text) == .seconds(seconds))
  }

  @Test(arguments: [
    "", "5", "h", "5x", "-5m", "+5m", "5 m", "5.5h", "1h1d", "1h2h", "36501d", "99999999999999999999s", "٣d", "1dd",
    " 5m",
    "1d12", "9223372036854775807w",
  ])
  func `other texts are no durations`(text: String) {
    #expect(DurationText.parse(text) == nil)
  }

  @Test(arguments: [0, 1, 59, 60, 3600, 5400, 86_399, 129_600, 604_800, 71_280_000, 3_153_600_000])
  func `what is written is read back`(seconds: Int) {
    #expect(DurationText.parse(DurationText.describe(.seconds(seconds))) == .seconds(seconds))
  }

  @Test func `the text is the one that people write`() {
    #expect(DurationText.describe(.seconds(825 * 86_400)) == "825d")
    #expect(DurationText.describe(.seconds(129_600)) == "1d12h")
    #expect(DurationText.describe(.seconds(21_600)) == "6h")
    #expect(DurationText.describe(.milliseconds(500)) == "0s")
  }

  @Test func `renew-before is shown as it is written`() {
    #expect(RenewBefore.fraction(0.33).description == "33%")
    #expect(RenewBefore.duration(.seconds(30 * 86_400)).description == "30d")
  }
}
