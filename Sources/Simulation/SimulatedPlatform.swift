// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import OpenSSLBridge
import ServiceKeys
import Synchronization

/// The service instance of one key on a platform that is slow, often in trouble, and shared with people.
final class SimulatedPlatform: KeyPlatform {
  /// A key in the platform's own books.
  struct Held: Sendable {
    var key: PlatformKey
    let certificate: Certificate
    let credentials: SecretBytes
    /// When its job ends.
    let readyAt: Date
    var exists = true
    /// How often its credentials were read.
    var reads = 0

    func isReady(at time: Date) -> Bool { exists && readyAt <= time && key.state != .createFailed }
  }

  private struct Books {
    var keys: [Held] = []
    var chance: Chance
    /// When somebody deletes the newest key, soonest first.
    var losses: [Date]
    /// When that happened, by the GUID.
    var lost: [String: Date] = [:]
    /// Keys that were asked for while another one did.
    var needless: [String] = []
  }

  let name: String
  private let lifetime: TimeInterval
  private let authorities: Authorities
  private let clock: SimulatedClock
  private let trouble: Spans
  private let books: Mutex<Books>

  /// A platform of one service key; while there is `trouble`, nobody reaches it.
  init(_ scenario: Scenario, _ number: Int, _ authorities: Authorities, trouble: Spans, clock: SimulatedClock) {
    name = "key-\(number)"
    lifetime = scenario.lifetime(ofKey: number) * day
    self.authorities = authorities
    self.trouble = trouble
    self.clock = clock
    var chance = Chance(scenario, "key", number)
    var losses: [Date] = []
    var time = scenario.start + 30 * day
    while true {
      time += chance.pause(perYear: Self.lossesPerYear)
      guard time < scenario.end else { break }
      losses.append(time)
    }
    books = Mutex(Books(chance: chance, losses: losses))
  }

  func instance(_: InstanceReference) async throws(PlatformFailure) -> PlatformInstance {
    try answer()
    return PlatformInstance(guid: "instance-of-\(name)", name: name)
  }

  func keys(of _: PlatformInstance) async throws(PlatformFailure) -> [PlatformKey] {
    try answer()
    let now = clock.now()
    return held.filter(\.exists).map { held in
      var key = held.key
      if key.state == .creating, held.readyAt <= now { key.state = .ready }
      return key
    }
  }

  func requestKey(_ request: KeyRequest) async throws(PlatformFailure) -> KeyRequestAnswer {
    try answer()
    let now = clock.now()
    guard !held.contains(where: { $0.exists && $0.key.name == request.name }) else {
      throw PlatformFailure(.nameTaken, .platform, "the name is taken")
    }
    if let other = held.first(where: { isGood($0, at: now) }) {
      books.withLock { $0.needless.append("\(request.name) beside \(other.key.name) at \(now)") }
    }
    let guid = try make(request, at: now)
    if books.withLock({ $0.chance.isTrue(Self.lostAnswers) }) {
      throw PlatformFailure(.unreachable, .network, "the connection was reset", mayHaveHappened: true)
    }
    return .underWay(job: guid)
  }

  func progress(of job: String) async throws(PlatformFailure) -> JobProgress {
    try answer()
    guard let held = held.first(where: { $0.key.guid == job && $0.exists }) else { return .done(guid: nil) }
    guard held.readyAt <= clock.now() else { return .working(guid: job) }
    return held.key.state == .createFailed ? .failed(guid: job, words: "the broker failed") : .done(guid: job)
  }

  func credentials(of guid: String) async throws(PlatformFailure) -> SecretBytes {
    try answer()
    let now = clock.now()
    let found: SecretBytes? = books.withLock { books in
      guard let index = books.keys.firstIndex(where: { $0.key.guid == guid && $0.isReady(at: now) }) else { return nil }
      books.keys[index].reads += 1
      return books.keys[index].credentials
    }
    guard let found else { throw PlatformFailure(.missing, .platform, "there is no such key") }
    return found
  }

  func deleteKey(_ guid: String) async throws(PlatformFailure) -> KeyDeletionAnswer {
    try answer()
    books.withLock { books in
      for index in books.keys.indices where books.keys[index].key.guid == guid { books.keys[index].exists = false }
      // Years pass; what is gone for long interests nobody.
      if books.keys.count > Self.remembered { books.keys.removeAll { !$0.exists && $0.reads == 1 } }
    }
    return .gone
  }

  /// Everything that was ever made and not long gone.
  var held: [Held] {
    let now = clock.now()
    return books.withLock { books in
      while let loss = books.losses.first, loss <= now {
        books.losses.removeFirst()
        guard let index = books.keys.lastIndex(where: { $0.isReady(at: loss) && $0.reads > 0 }) else { continue }
        books.keys[index].exists = false
        books.lost[books.keys[index].key.guid] = loss
      }
      return books.keys
    }
  }

  /// When somebody deleted the key of this certificate.
  func loss(of leaf: Fingerprint) -> Date? {
    guard let found = held.first(where: { $0.certificate.fingerprint == leaf && !$0.exists }) else { return nil }
    return books.withLock { $0.lost[found.key.guid] }
  }

  var needless: [String] { books.withLock(\.needless) }
  var losses: Int { books.withLock(\.lost.count) }

  /// Whether nobody needs another key than this one yet: it works, and two thirds of its life are not over.
  private func isGood(_ held: Held, at now: Date) -> Bool {
    guard held.exists, held.key.state != .createFailed else { return false }
    let validity = held.certificate.validity
    let life = validity.notAfter.timeIntervalSince(validity.notBefore)
    return validity.notAfter.timeIntervalSince(now) > Self.renewBefore * life
  }

  private func make(_ request: KeyRequest, at now: Date) throws(PlatformFailure) -> String {
    let authority = books.withLock { $0.chance.below(Authorities.count) }
    let (isFailing, jobTime) = books.withLock { books in
      (books.chance.isTrue(Self.failedJobs), books.chance.ofAnySize(5, Self.longestJob))
    }
    let guid = "\(name)-\(books.withLock { $0.keys.count })-\(Int(now.timeIntervalSince1970))"
    do {
      let made = try authorities.issue(name, isServer: false, by: authority, from: now - hour, to: now + lifetime)
      let key = PlatformKey(
        guid: guid, name: request.name, state: isFailing ? .createFailed : .creating, createdAt: now, mark: request.mark
      )
      let credentials = try Self.credentials(made.certificate, made.issuer, made.key)
      books.withLock {
        $0.keys.append(
          Held(key: key, certificate: made.certificate, credentials: credentials, readyAt: now + jobTime))
      }
    } catch {
      throw PlatformFailure(.unavailable, .certrotd, "the simulation cannot make a certificate: \(error)")
    }
    return guid
  }

  private static func credentials(
    _ certificate: Certificate, _ issuer: Authorities.Issuer, _ key: PrivateKey
  ) throws -> SecretBytes {
    let chain = [certificate, issuer.certificate, issuer.root].map { PEMBlock($0).text }.joined()
    let secret = String(decoding: try key.pem(.pkcs8).copyBytes(), as: UTF8.self)
    let escaped = { (text: String) in text.replacing("\n", with: "\\n") }
    return SecretBytes(
      copying: """
        {"credentials":{"clientid":"sb-simulated","certificate":"\(escaped(chain))","key":"\(escaped(secret))"}}
        """.utf8)
  }

  private func answer() throws(PlatformFailure) {
    guard trouble.span(at: clock.now()) == nil else {
      throw PlatformFailure(.unreachable, .network, "the platform does not answer")
    }
    guard books.withLock({ $0.chance.isTrue(Self.failedCalls) }) else { return }
    if books.withLock({ $0.chance.isTrue(0.3) }) {
      throw PlatformFailure(.rateLimited, .platform, "too many calls", retryAfter: .seconds(300))
    }
    throw PlatformFailure(.unavailable, .platform, "out of order", mayHaveHappened: false)
  }

  /// Shares of all calls.
  private static let (failedCalls, lostAnswers, failedJobs) = (0.03, 0.03, 0.03)
  private static let lossesPerYear = 0.1
  /// Seconds.
  static let longestJob = 2 * hour
  private static let remembered = 40
  /// What certrotd renews by itself: a third of the lifetime before the end.
  static let renewBefore = 0.33
}
