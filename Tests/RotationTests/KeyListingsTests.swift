// SPDX-License-Identifier: Apache-2.0

import Certificates
import ServiceKeys
import Synchronization
import TestSupport
import Testing

@testable import Rotation

/// Looks at the keys on the platform, by many at a time.
@Suite(.timeLimit(.minutes(5))) struct KeyListingsTests {
  private let clock = ManualWallClock()
  private let platform = HeldPlatform()

  private var listings: KeyListings { KeyListings(clock: clock) { [platform] in await platform.look($0) } }

  private static let key = KeyListing(
    PlatformKey(guid: "g", name: "n", state: .ready, createdAt: nil, mark: nil), notAfter: nil, standing: .other,
    mark: KeyMark(installation: "here", base: "sender"))
  private static let outage = PlatformKeyControl.Refusal.platform(PlatformFailure(.unavailable, .platform, "down"))

  @Test(arguments: [KeyListings.Answer.success([key]), .failure(outage)])
  func `many who ask at once are one look, and its answer holds for two seconds`(
    answer: KeyListings.Answer
  ) async throws {
    let listings = listings
    let first = Task { await words { try await listings.keys(of: "sender") } }
    for await _ in platform.begun { break }
    let others = (0..<20).map { _ in Task { await words { try await listings.keys(of: "sender") } } }
    platform.release("sender", answer)
    for task in [first] + others { #expect(await task.value == "\(answer)") }
    clock.advance(by: .seconds(1))
    #expect(await words { try await listings.keys(of: "sender") } == "\(answer)")
    #expect(platform.looks == ["sender"])
    clock.advance(by: .seconds(1))
    platform.release("sender", .success([]))
    #expect(await words { try await listings.keys(of: "sender") } == "\(KeyListings.Answer.success([]))")
    #expect(platform.looks == ["sender", "sender"])
  }

  @Test func `a look goes on until the last one who waits for it has left`() async throws {
    let listings = listings
    let first = Task { await words { try await listings.keys(of: "sender") } }
    for await _ in platform.begun { break }
    first.cancel()
    #expect(await first.value == "cancelled")
    for await _ in platform.cancelled { break }
    let second = Task { await words { try await listings.keys(of: "sender") } }
    for await _ in platform.begun { break }
    platform.release("sender", .success([Self.key]))
    #expect(await second.value == "\(KeyListings.Answer.success([Self.key]))", "a look that was given up says nothing")
  }

  @Test func `only so many service keys are looked at together`() async throws {
    let listings = listings
    let names = (1...KeyListings.mostLooks).map { "key-\($0)" }
    let tasks = names.map { name in Task { await words { try await listings.keys(of: name) } } }
    var begun = 0
    for await _ in platform.begun {
      begun += 1
      if begun == names.count { break }
    }
    #expect(await words { try await listings.keys(of: "one more") }.contains("are being listed already"))
    for name in names { platform.release(name, .success([])) }
    for task in tasks { #expect(await task.value == "\(KeyListings.Answer.success([]))") }
    platform.release("one more", .failure(.unknown("one more")))
    for _ in 0..<2 {
      #expect(await words { try await listings.keys(of: "one more") }.contains("no service key one more"))
    }
    #expect(platform.looks.count == names.count + 2, "what the configuration does not know is not kept")
  }

  private func words(_ body: () async throws -> [KeyListing]) async -> String {
    do {
      return "\(KeyListings.Answer.success(try await body()))"
    } catch let refusal as PlatformKeyControl.Refusal {
      return "\(KeyListings.Answer.failure(refusal))"
    } catch {
      return "cancelled"
    }
  }
}

/// Answers a look once the test has an answer for its name, which then holds for all that follow.
private final class HeldPlatform: Sendable {
  let begun: AsyncStream<Void>
  private let begin: AsyncStream<Void>.Continuation
  let cancelled: AsyncStream<Void>
  private let cancel: AsyncStream<Void>.Continuation
  private let state = Mutex(State())

  private struct State {
    var looks: [String] = []
    var answers: [String: KeyListings.Answer] = [:]
    var waiting: [String: AsyncStream<KeyListings.Answer>.Continuation] = [:]
  }

  init() {
    (begun, begin) = AsyncStream.makeStream()
    (cancelled, cancel) = AsyncStream.makeStream()
  }

  var looks: [String] { state.withLock { $0.looks } }

  func look(_ name: String) async -> KeyListings.Answer {
    let (answers, continuation) = AsyncStream.makeStream(of: KeyListings.Answer.self)
    state.withLock { state in
      state.looks.append(name)
      if let answer = state.answers[name] { continuation.yield(answer) } else { state.waiting[name] = continuation }
    }
    begin.yield()
    for await answer in answers { return answer }
    cancel.yield()
    return .failure(.platform(PlatformFailure(.cancelled, .certrotd, "given up")))
  }

  func release(_ name: String, _ answer: KeyListings.Answer) {
    let waiting = state.withLock { state in
      state.answers[name] = answer
      return state.waiting.removeValue(forKey: name)
    }
    waiting?.yield(answer)
  }
}
