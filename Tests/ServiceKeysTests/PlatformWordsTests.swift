// SPDX-License-Identifier: Apache-2.0

import ServiceKeys
import Testing

struct PlatformWordsTests {
  @Test(arguments: [
    ("bind could not be completed: Service broker error", "bind could not be completed: Service broker error"),
    ("Your account has been locked. ", "Your account has been locked"),
    ("a\nb\u{1B}[31mc\u{202E}d", "a b [31mc d"),
    ("instance 7304bc3c-0000-4000-8000-000000000001 is busy", "instance 7304bc3c-0000-4000-8000-000000000001 is busy"),
    ("token eyJhbGciOiJSUzI1NiJ9.e30.abc refused", "token … refused"),
    ("Authorization: Bearer abc was wrong", "Authorization: Bearer … was wrong"),
    ("password=hunter2 is wrong", "… is wrong"),
    ("\"client_secret\":\"x7!\" unknown", "… unknown"),
    ("-----BEGIN RSA PRIVATE KEY-----", "… RSA PRIVATE …"),
    ("key QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w", "key …"),
  ])
  func `words are shown without what may be a secret`(text: String, shown: String) {
    #expect(PlatformWords.clean(text) == shown)
  }

  @Test func `long words are cut`() {
    let shown = PlatformWords.clean(String(repeating: "word ", count: 10_000))
    #expect(shown.count == 300 && shown.hasSuffix("…"))
  }
}
