// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTransport
import TestSupport
import Testing

@Suite struct RetryAfterTests {
  private static let date = Date(timeIntervalSince1970: 784_111_777)

  // RFC 9110, section 5.6.7: one moment in its three forms.
  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
  ])
  func readsAllFormsOfADate(text: String) {
    #expect(RetryAfter(text) == .date(Self.date))
  }

  @Test func readsADelay() {
    #expect(RetryAfter("120") == .delay(.seconds(120)))
    #expect(RetryAfter("0") == .delay(.zero))
  }

  @Test(arguments: ["", "-1", "1.5", "soon", "Sun", "120 s", "１２０", "Xyz, 99 Foo 2000 25:61:61 GMT"])
  func refusesAnythingElse(text: String) {
    #expect(RetryAfter(text) == nil)
  }

  @Test func theWaitIsClamped() throws {
    let hour = Duration.seconds(3600)
    #expect(RetryAfter.delay(.seconds(120)).wait(from: Self.date, atMost: hour) == .seconds(120))
    let endless = try #require(RetryAfter("99999999999999999999999999"))
    #expect(endless.wait(from: Self.date, atMost: hour) == hour)
    #expect(RetryAfter.date(Self.date).wait(from: Self.date - 90, atMost: hour) == .seconds(90))
    #expect(RetryAfter.date(Self.date).wait(from: Self.date + 90, atMost: hour) == .zero)
    #expect(RetryAfter.date(.distantFuture).wait(from: Self.date, atMost: hour) == hour)
    #expect(RetryAfter.date(.distantPast).wait(from: .distantFuture, atMost: hour) == .zero)
  }
}
