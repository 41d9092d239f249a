// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import ServiceKeys

/// Answers whoever looks at the keys on the platform, so that looking often costs the platform little.
///
/// Everybody in the group of the control socket may look, and each look is several calls that the platform counts against
/// the login which renewals need: one look at a time for each service key, whose answer holds for ``lifetime``.
actor KeyListings {
  typealias Answer = Result<[KeyListing], PlatformKeyControl.Refusal>

  private let look: @Sendable (_ name: String) async -> Answer
  private let clock: any WallClock
  private var underWay: [String: SharedTask<Answer>] = [:]
  private var answers: [String: (answer: Answer, at: Date)] = [:]

  /// - Parameters:
  ///   - clock: says how old an answer is.
  ///   - look: asks the platform for the keys of a service key; cancelled when nobody waits any longer.
  init(clock: any WallClock, _ look: @escaping @Sendable (_ name: String) async -> Answer) {
    self.clock = clock
    self.look = look
  }

  /// The keys of a service key's instance, as the platform lists them now or listed them a moment ago.
  ///
  /// - Throws: ``PlatformKeyControl/Refusal``; `CancellationError` when the caller is cancelled.
  func keys(of name: String) async throws -> [KeyListing] {
    while true {
      if let answer = recentAnswer(name) { return try answer.get() }
      let joined = underWay[name]
      let shared = try joined ?? begin(name)
      guard let answer = await shared.value() else { throw CancellationError() }
      // Its last caller left in the moment in which this one came.
      if joined != nil, Self.isCancelled(answer) { continue }
      return try answer.get()
    }
  }

  private func begin(_ name: String) throws(PlatformKeyControl.Refusal) -> SharedTask<Answer> {
    guard underWay.count < Self.mostLooks else { throw .tooManyLooks(Self.mostLooks) }
    let shared = SharedTask(whenAbandoned: .isCancelled) { [look] in await self.end(name, with: await look(name)) }
    underWay[name] = shared
    return shared
  }

  private func end(_ name: String, with answer: Answer) -> Answer {
    underWay[name] = nil
    if Self.isKept(answer) { answers[name] = (answer, clock.now()) }
    return answer
  }

  private func recentAnswer(_ name: String) -> Answer? {
    guard let known = answers[name] else { return nil }
    let age = clock.now().timeIntervalSince(known.at)
    if age >= 0, age < Self.lifetime { return known.answer }
    answers[name] = nil
    return nil
  }

  /// What was refused without the platform costs nothing, and its name may be anything.
  private static func isKept(_ answer: Answer) -> Bool {
    switch answer {
    case .success: true
    case .failure(.platform): !isCancelled(answer)
    case .failure: false
    }
  }

  private static func isCancelled(_ answer: Answer) -> Bool {
    if case .failure(.platform(let failure)) = answer { failure.kind == .cancelled } else { false }
  }

  /// Seconds.
  static let lifetime: TimeInterval = 2
  /// Of all service keys together.
  static let mostLooks = 4
}
