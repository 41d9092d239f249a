// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

struct ChangeWindowTests {
  private static let trust = "trust: {bundles: [/etc/certrotd/roots.pem]}"

  private static func keystore(_ keys: String) -> String {
    "keystores: {a: {\(trust), files: [{pse: {path: a}}], \(keys)}}"
  }

  private static func windows(_ yaml: String) -> [ChangeWindow]? {
    read(yaml).configuration?.keystores.first?.changeWindows
  }

  @Test func `days, hours and the zone are as they are written`() throws {
    let zone = try #require(WindowZone("Europe/Berlin"))
    let weekend = ChangeWindow(days: [.saturday, .sunday], from: 1320, to: 240, zone: zone)
    #expect(
      Self.windows(
        Self.keystore("change-window: {days: [sat, Sunday], from: 22:00, to: \"04:00\", time-zone: Europe/Berlin}"))
        == [weekend])
    #expect(weekend.length == 360)
    let list = "change-window: [{from: 0:00, to: 24:00, days: fri-mon}, {days: [tue, wed-thu], from: 12:05, to: 12:10}]"
    #expect(
      Self.windows(Self.keystore(list)) == [
        ChangeWindow(days: [.friday, .saturday, .sunday, .monday], from: 0, to: 1440),
        ChangeWindow(days: [.tuesday, .wednesday, .thursday], from: 725, to: 730),
      ])
    #expect(
      Self.windows(Self.keystore("change-window: {from: 1:00, to: 2:00, time-zone: UTC}"))?.first?.days.count == 7)
  }

  @Test func `keystores inherit the windows of the defaults unless they have their own, or none`() {
    let defaults = "defaults: {change-window: {from: 1:00, to: 2:00}}\n"
    let inherited = [ChangeWindow(from: 60, to: 120)]
    #expect(Self.windows(defaults + Self.keystore("renew-before: 20%")) == inherited)
    #expect(Self.windows(defaults + Self.keystore("change-window: none")) == [])
    #expect(
      Self.windows(defaults + Self.keystore("change-window: {from: 3:00, to: 4:00}")) == [
        ChangeWindow(from: 180, to: 240)
      ])
    #expect(Self.windows("defaults: {change-window: none}\n" + Self.keystore("renew-before: 20%")) == [])
  }

  /// What stands behind `change-window:`, and how the one message ends that it leads to.
  @Test(arguments: [
    ("weekends", "must be none, a mapping, or a list of such, not 'weekends'; write for example {days: "),
    ("[]", "change-window: must not be empty; write none where files may change at any time"),
    ("{from: 1:00}", "the key 'to' is missing; write for example 'to: \"04:00\"'"),
    ("{from: 1:00, to: 1:00}", "change-window.to: is the same as 'from': the window would never open; a whole day"),
    ("{from: 1:00, to: 1:04}", "change-window.to: a window of 4m is too short; leave 5m at least"),
    ("{from: 23:58, to: 0:02}", "change-window.to: a window of 4m is too short"),
    (
      "{from: 24:00, to: 1:00}", "change-window.from: '24:00' is no time of day; write hours and minutes from \"00:00\""
    ),
    ("{from: 1:00, to: 24:01}", "'24:01' is no time of day; write hours and minutes from \"00:00\" to \"24:00\""),
    ("{from: 1:60, to: 3:00}", "'1:60' is no time of day"), ("{from: 1h, to: 3:00}", "'1h' is no time of day"),
    ("{from: \"-1:00\", to: 3:00}", "'-1:00' is no time of day"), ("{from: 1:0, to: 3:00}", "'1:0' is no time of day"),
    ("{from: 1:00, to: 3:00, days: [fir]}", "change-window.days[0]: 'fir' is no day of the week; did you mean 'fri'?"),
    ("{from: 1:00, to: 3:00, days: [x]}", "'x' is no day of the week; days are mon, tue, wed, thu, fri, sat, sun"),
    ("{from: 1:00, to: 3:00, days: wendesday}", "'wendesday' is no day of the week; did you mean 'wednesday'?"),
    ("{from: 1:00, to: 3:00, days: mon-tue-wed}", "'mon-tue-wed' is no span of days"),
    ("{from: 1:00, to: 3:00, days: []}", "names no day; leave 'days' out where every day is meant"),
    ("{from: 1:00, to: 3:00, time-zone: europe/berlin}", "is no time zone; did you mean 'Europe/Berlin'?"),
    (
      "{from: 1:00, to: 3:00, time-zone: Europe/Berln}",
      "change-window.time-zone: 'Europe/Berln' is no time zone; did you"
    ),
    ("{from: 1:00, to: 3:00, time-zone: GMT+1}", "'GMT+1' is no time zone; write UTC, or a name of the IANA database"),
    ("{from: 1:00, to: 3:00, time-zone: CEST}", "'CEST' is no time zone; write UTC, or a name of the IANA database"),
    ("{from: 1:00, to: 3:00, time-zon: UTC}", "unknown key 'time-zon'; did you mean 'time-zone'?"),
  ])
  func `each mistake is reported once, with its place and what to do`(value: String, message: String) throws {
    for yaml in [Self.keystore("change-window: \(value)"), "defaults: {change-window: \(value)}"] {
      let found = mistakes(yaml)
      let first = try #require(found.first, "\(yaml)")
      #expect(found.count == 1 && first.contains(message), "\(found)")
    }
  }

  @Test func `a mistake has the place of the value`() {
    #expect(
      mistakes(
        """
        keystores:
          a:
            \(Self.trust)
            files: [{pse: {path: a}}]
            change-window:
              - {from: "1:00", to: "2:00"}
              - days: [sat, snu]
                from: "1:00"
                to: "2:00"
        """) == ["7:21: error: keystores.a.change-window[1].days[1]: 'snu' is no day of the week; did you mean 'sun'?"])
  }

  // MARK: Windows that would make an identity lapse

  /// Valid-for, renew-before, window, and whether it is a mistake.
  @Test(arguments: [
    ("825d", "33%", "{days: sun, from: 1:00, to: 2:00}", false),
    ("60d", "33%", "{days: sun, from: 1:00, to: 2:00}", false),
    // 9.9 days, less three of the last tenth, leave 6.9; the window is closed for 6 days and 23 hours.
    ("30d", "33%", "{days: sun, from: 1:00, to: 2:00}", true),
    // Closed for six days in UTC; clocks that change would take two hours more.
    ("30d", "33%", "{days: sun, from: 0:00, to: 24:00}", false),
    ("20d", "40%", "{days: sun, from: 0:00, to: 24:00}", true),
    ("60d", "10%", "{days: sun, from: 1:00, to: 2:00}", true),
    ("60d", "12d", "{days: sun, from: 1:00, to: 2:00}", true),
    ("60d", "13d", "{days: sun, from: 1:00, to: 2:00}", false), ("1d", "33%", "{from: 1:00, to: 2:00}", true),
    ("1d", "33%", "{from: 1:00, to: 23:30}", false), ("1d", "33%", "{from: 0:00, to: 24:00}", false),
    ("1d", "33%", "{from: 1:00, to: 23:30, time-zone: Europe/Berlin}", true),
    ("1d", "33%", "[{from: 1:00, to: 12:00}, {from: 11:00, to: 23:30}]", false),
    ("10d", "33%", "[{days: mon, from: 1:00, to: 2:00}, {days: wed, from: 1:00, to: 2:00}]", true),
    (
      "40d", "33%", "[{days: mon, from: 1:00, to: 2:00}, {days: wed, from: 1:00, to: 2:00, time-zone: Asia/Tokyo}]",
      false
    ),
  ])
  func `a window that may stay closed for longer than the identity leaves time is a mistake`(
    validFor: String, renewBefore: String, window: String, isMistake: Bool
  ) {
    let identity = "identity: {self-signed: {subject: CN=a, valid-for: \(validFor)}}, renew-before: \(renewBefore)"
    for yaml in [
      Self.keystore("\(identity), change-window: \(window)"),
      "defaults: {change-window: \(window)}\n" + Self.keystore(identity),
    ] {
      let found = mistakes(yaml)
      #expect(found.count == (isMistake ? 1 : 0), "\(found)")
      #expect(found.allSatisfy { $0.contains("between renew-before, \(renewBefore), and its last tenth") }, "\(found)")
    }
  }

  @Test func `the place is the window, and the sentence says how long`() {
    #expect(
      mistakes(
        """
        keystores:
          a:
            identity: {self-signed: {subject: CN=a, valid-for: 30d}}
            files: [{pse: {path: a}}]
            change-window: {days: sun, from: "1:00", to: "2:00"}
        """) == [
          "5:20: error: keystores.a.change-window: the identity lives for 30d and leaves 6d21h36m between renew-before, "
            + "33%, and its last tenth, but the windows of keystore a may be closed for 6d23h; open a window more often, "
            + "renew earlier, or write 'change-window: none'"
        ])
  }

  @Test(arguments: [(7, true), (90, false)])
  func `the validity of a service key counts likewise`(days: Int, isMistake: Bool) {
    let found = mistakes(
      """
      service-keys:
        s: {from: {service-manager: {binding-file: s, service-instance: i, preset: cloud-integration, validity: \(days)d}}}
      keystores:
        a: {identity: {service-key: s}, files: [{pse: {path: a}}], change-window: {days: sat, from: "1:00", to: "2:00"}}
      """)
    #expect(found.count == (isMistake ? 1 : 0), "\(found)")
    #expect(found.allSatisfy { $0.hasPrefix("4:") && $0.contains("the identity lives for 7d") }, "\(found)")
  }
}
