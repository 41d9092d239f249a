// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTransport
import Host
import ServiceKeys
import Synchronization
import TestSupport

/// A platform on loopback that gives prepared answers, and remembers what it was asked.
final class StubPlatform: Sendable {
  struct Asked: Sendable {
    var method: String
    var target: String
    var headers: String
    var body: String

    var path: String { String(target.prefix { $0 != "?" }) }
  }

  private let server: ScriptedServer

  /// `answer` gets the request, its number from 1, and the stub's own address.
  init(_ answer: @escaping @Sendable (Asked, Int, String) -> String) throws {
    let counter = Counter()
    server = try ScriptedServer { text in
      let asked = Self.parse(text)
      let host = asked.headers.split(separator: "\r\n").first { $0.lowercased().hasPrefix("host: ") }?.dropFirst(6)
      let answer = answer(asked, counter.next(), "http://\(host ?? "")")
      return answer == Self.reset ? [.reset] : [.send(answer)]
    }
  }

  /// Ends the connection without an answer.
  static let reset = "reset"

  var url: String { "http://127.0.0.1:\(server.port)" }
  var asked: [Asked] { server.requests.map(Self.parse) }

  private static func parse(_ text: String) -> Asked {
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    let head = parts.first ?? ""
    let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
    return Asked(
      method: words.first.map(String.init) ?? "", target: words.count > 1 ? String(words[1]) : "",
      headers: String(head), body: parts.count > 1 ? String(parts[1]) : "")
  }
}

private final class Counter: Sendable {
  private let value = Mutex(0)

  func next() -> Int {
    value.withLock { value in
      value += 1
      return value
    }
  }
}

/// Keeps the stubs of a test alive as long as the test.
final class StubKeeper: Sendable {
  private let stubs = Mutex<[StubPlatform]>([])
  func keep(_ stub: StubPlatform) { stubs.withLock { $0.append(stub) } }
}

/// Logins in memory.
final class StubMemory: LoginMemory {
  private struct Entry {
    var login: LoginName
    var proof: SecretBytes
    var record: LoginRecord
  }

  private let entries = Mutex<[Entry]>([])

  func record(of login: LoginName, proof: SecretBytes) async throws -> LoginRecord {
    entries.withLock { $0.first { $0.login == login && $0.proof == proof }?.record ?? LoginRecord() }
  }

  func keep(_ record: LoginRecord, of login: LoginName, proof: SecretBytes) async throws {
    entries.withLock { entries in
      entries.removeAll { $0.login == login && $0.proof == proof }
      entries.append(Entry(login: login, proof: proof, record: record))
    }
  }

  /// What was kept last of each login.
  var all: [LoginName: LoginRecord] {
    entries.withLock { Dictionary($0.map { ($0.login, $0.record) }, uniquingKeysWith: { _, newer in newer }) }
  }
}

/// A time of day that stands still until it is set.
final class StubWallClock: WallClock {
  private let time: Mutex<Date>
  init(_ date: Date = Date(timeIntervalSince1970: 1_800_000_000)) { time = Mutex(date) }
  func now() -> Date { time.withLock { $0 } }
  func advance(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }
}

/// A clock on which no pause takes time; it remembers how long they would have been.
final class PausesClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private let elapsed = Mutex(Duration.zero)
  private let taken = Mutex<[Duration]>([])

  var now: Instant { Instant(offset: elapsed.withLock { $0 }) }
  var minimumResolution: Duration { .nanoseconds(1) }
  var pauses: [Duration] { taken.withLock { $0 } }

  func sleep(until deadline: Instant, tolerance _: Duration?) async throws {
    let pause = now.duration(to: deadline)
    elapsed.withLock { $0 = deadline.offset }
    taken.withLock { $0.append(pause) }
  }
}

func secret(_ text: String) -> SecretBytes { SecretBytes(copying: text.utf8) }
func plain(_ secret: SecretBytes) -> String { String(decoding: secret.copyBytes(), as: UTF8.self) }

/// The network of a test: a real client, clocks that stand still.
func testNetwork(
  wallClock: StubWallClock = StubWallClock(), pauses: PausesClock = PausesClock()
) throws -> PlatformNetwork {
  PlatformNetwork(
    client: try HTTPClient(), deadline: .seconds(300), wallClock: wallClock, clock: pauses)
}

/// The failure of a call, or nil.
func platformFailure<Value>(_ body: () async throws(PlatformFailure) -> Value) async -> PlatformFailure? {
  do throws(PlatformFailure) {
    _ = try await body()
    return nil
  } catch {
    return error
  }
}
