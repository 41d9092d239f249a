// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Journal
import Planning
import Settings
import SystemPackage
import Testing

@testable import Rotation

/// Which failures are news.
struct KeyNewsTests {
  private static let old = KnownKey(
    guid: "old", name: "old", owner: .ours, notBefore: aTime - 20 * day, notAfter: aTime + 10 * day)
  private static let context = KeyRotationContext(
    installation: "one", base: "sender", overlap: .seconds(3600), verifyPatience: .seconds(60),
    jitter: Jitter(installation: 1, name: "key"))
  private static let listed = KeyOutcome.listed([
    ListedKey(
      guid: "old", name: "old", state: .ready, createdAt: old.notBefore, installation: "one", base: "sender")
  ])

  /// A rotation that lives on, and the reasons for which its attempts are told as failed.
  private struct Life {
    var rotation = KeyRotation(predecessor: KeyNewsTests.old, dueAt: aTime, now: aTime)
    var now = aTime
    var told: [String] = []
    private let settings = ServiceKeySettings(name: "sender", source: .file("/k.json"))

    mutating func live(failures: Int, _ answer: (KeyAction) -> KeyOutcome) {
      var failed = 0
      for _ in 0..<200 where failed < failures {
        switch rotation.next(KeyNewsTests.context, now: now) {
        case .finished: return
        case .wait(let until, _): now = until
        case .act(let action):
          let intended = rotation.intending(action, now: now)
          let (after, events) = intended.applying(answer(action), KeyNewsTests.context, now: now)
          if case .failed = after.standing, after.standing != intended.standing { failed += 1 }
          if let news = KeyNews.attemptFailed(from: intended, to: after, telling: events, settings) {
            told.append(news.fields[.reason] ?? "")
          }
          rotation = after
        }
      }
    }
  }

  @Test func `keys that cannot be made one after the other are told as one failure`() {
    var life = Life()
    var jobs = 0
    let failing: (KeyAction) -> KeyOutcome = { action in
      switch action {
      case .create: return .underWay(job: "j")
      case .follow:
        jobs += 1
        return .jobFailed(guid: "key-\(jobs)", words: "request \(jobs) failed")
      default: return Self.listed
      }
    }
    life.live(failures: 6, failing)
    #expect(jobs == 6 && life.told.count == 1 && life.told.first?.contains("request 1 failed") == true, "\(life.told)")
    // Something else is news, and so is the first after it.
    let outage = KeyOutcome.failed(KeyFailure("no answer", culprit: "network", kind: "unreachable"))
    life.live(failures: 1) { _ in outage }
    #expect(life.told.count == 2 && life.told.last == "no answer")
    life.live(failures: 1, failing)
    #expect(life.told.count == 3)
  }

  @Test func `one outage is told once, and the next one again`() {
    var life = Life()
    let outage = KeyOutcome.failed(KeyFailure("no answer", culprit: "network", kind: "unreachable"))
    life.live(failures: 2) { _ in outage }
    #expect(life.told.count == 1)
    var looks = 0
    life.live(failures: 1) { action in
      if action == .look { looks += 1 }
      return action == .look && looks == 1 ? Self.listed : outage
    }
    #expect(life.told.count == 2, "\(life.told)")
  }
}
