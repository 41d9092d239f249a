// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Planning
import ServiceKeys

/// A service instance in memory, whose calls fail by seed; what it did with a call that failed, its books tell.
actor FleetPlatform: KeyPlatform {
  struct Held {
    var key: PlatformKey
    var serial: Int
    var notBefore: Date
    var notAfter: Date
    /// When it is complete.
    var readyAt: Date
    /// How often its credentials were given to somebody who got them.
    var reads = 0
  }

  private(set) var books: [String: Held] = [:]
  private(set) var existing: Set<String> = []
  private(set) var faults = 0
  private(set) var calls = 0
  private var now: Date
  private var generator: SplitMix64
  private var faultRate: Double
  private let lifetime: TimeInterval
  private let backdating: TimeInterval

  /// Certificates begin `backdating` seconds before they are made, and end `lifetime` seconds after that.
  init(seed: UInt64, lifetime: TimeInterval, backdating: TimeInterval = 3600, faultRate: Double, now: Date) {
    generator = SplitMix64(seed: seed)
    self.lifetime = lifetime
    self.backdating = backdating
    self.faultRate = faultRate
    self.now = now
  }

  func set(now: Date) { self.now = now }
  func heal() { faultRate = 0 }

  func instance(_: InstanceReference) async throws(PlatformFailure) -> PlatformInstance {
    PlatformInstance(guid: "instance", name: "fleet")
  }

  func keys(of _: PlatformInstance) async throws(PlatformFailure) -> [PlatformKey] {
    try mayFail(.before)
    return existing.compactMap { books[$0] }.map { held in
      var key = held.key
      if key.state == .creating, held.readyAt <= now { key.state = .ready }
      return key
    }
  }

  func requestKey(_ request: KeyRequest) async throws(PlatformFailure) -> KeyRequestAnswer {
    try mayFail(.before, changes: true)
    guard !existing.contains(where: { books[$0]?.key.name == request.name }) else {
      throw PlatformFailure(.nameTaken, .platform, "the name is taken")
    }
    let number = books.count + 1
    let guid = "guid-\(number)"
    let key = PlatformKey(guid: guid, name: request.name, state: .creating, createdAt: now, mark: request.mark)
    var held = Held(
      key: key, serial: number, notBefore: now - backdating, notAfter: now + lifetime,
      readyAt: now + (chance(0.1) ? 900 : 5))
    if chance(faultRate / 4) { (held.key.state, faults) = (.createFailed, faults + 1) }
    books[guid] = held
    existing.insert(guid)
    try mayFail(.after, changes: true)
    return .underWay(job: guid)
  }

  func progress(of job: String) async throws(PlatformFailure) -> JobProgress {
    try mayFail(.before)
    if chance(faultRate / 8) {
      faults += 1
      throw PlatformFailure(.missing, .platform, "there is no such job")
    }
    guard let held = books[job], existing.contains(job) else { return .done(guid: nil) }
    if held.key.state == .createFailed { return .failed(guid: job, words: "the broker fails") }
    return held.readyAt <= now ? .done(guid: job) : .working(guid: job)
  }

  func credentials(of guid: String) async throws(PlatformFailure) -> SecretBytes {
    try mayFail(.before)
    guard let held = books[guid], existing.contains(guid), held.readyAt <= now else {
      throw PlatformFailure(.missing, .platform, "creation in progress")
    }
    books[guid]?.reads += 1
    return SecretBytes(copying: "{}".utf8)
  }

  func deleteKey(_ guid: String) async throws(PlatformFailure) -> KeyDeletionAnswer {
    try mayFail(.before, changes: true)
    if chance(faultRate / 4) {
      faults += 1
      throw PlatformFailure(.busy, .platform, "an operation is in progress")
    }
    existing.remove(guid)
    try mayFail(.after, changes: true)
    return .gone
  }

  private enum Moment { case before, after }

  /// Where something is changed, the half of the faults comes before it is done, and the other half loses the answer.
  private func mayFail(_ moment: Moment, changes: Bool = false) throws(PlatformFailure) {
    if case .before = moment { calls += 1 }
    guard chance(changes ? faultRate / 2 : faultRate) else { return }
    faults += 1
    let isLost = moment == .after
    switch Int.random(in: 0..<3, using: &generator) {
    case 0 where !isLost:
      throw PlatformFailure(.rateLimited, .platform, "too many calls", retryAfter: .seconds(120))
    case 1: throw PlatformFailure(.unavailable, .platform, "out of order", mayHaveHappened: true)
    default: throw PlatformFailure(.unreachable, .network, "the connection was reset", mayHaveHappened: true)
    }
  }

  private func chance(_ share: Double) -> Bool { generator.nextUnit() < share }
}
