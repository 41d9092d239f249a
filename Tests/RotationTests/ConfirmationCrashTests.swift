// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Glibc
import Host
import Journal
import Ledger
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// The way back of a refused generation, cut off at every call that changes the disk.
struct ConfirmationCrashTests {
  /// What makes the files of a test apart from each other does not matter here.
  private static let confirm = "{patience: 1s, served: \"127.0.0.1:PORT\"}"

  private let scene: ConfirmationScene
  private let authority: Authority

  init() throws {
    authority = try Authority.one.get()
    let first = try authority.leaf()
    scene = try ConfirmationScene(Self.confirm, showing: first)
    try scene.site.folder.write("sender.json", bytes: first.serviceKeyJSON().utf8)
  }

  /// Puts a new generation in force that the server refuses, until its patience is over, and nothing more.
  private func refuse(days: Int) async throws -> Int {
    try await scene.site.run { daemon in
      try await scene.drop(try authority.leaf(days: Double(days)), daemon)
      try await daemon.settle()
      #expect(try await scene.confirmation(daemon)?.isTrying == true)
      scene.site.clock.advance(by: .seconds(2))
      return try #require(try await daemon.currentNumber("sender"))
    }
  }

  /// The calls of a way back that change the disk, by their numbers.
  private func changingCalls() async throws -> [Int] {
    _ = try await refuse(days: 100)
    let calls = FailingFileCalls(isArmed: false)
    try await ConfirmationBlade.play(scene, calls)
    return calls.numbers(of: FailingFileCalls.changing)
  }

  /// After a restart the generation before is in force, its hook has run, and an operator knows.
  private func expectWayBack(from refused: Int, to before: [String: [UInt8]], _ what: String) async throws {
    try await scene.site.run { daemon in
      try await scene.live(daemon, for: 3)
      #expect(try await daemon.currentNumber("sender") == 1, "\(what)")
      #expect(try daemon.store("sender").damage(of: 1).isEmpty, "\(what)")
      #expect(try scene.files == before, "\(what)")
      #expect(scene.hookRuns.last == 1 && scene.hookRuns.contains(refused), "\(what): \(scene.hookRuns)")
      #expect(try await scene.confirmation(daemon)?.isConfirmed == true, "\(what)")
      #expect(try await daemon.context.ledger.withdrawals(of: "sender").isEmpty)
      let told = try await daemon.context.ledger.history(LedgerSubject(.keystore, "sender"), limit: 100)
        .filter { $0.event == Event.keystoreRolledBack.rawValue && $0.fields["previous-generation"] == "\(refused)" }
      #expect((1...2).contains(told.count), "\(what): \(told.count)")
    }
    _ = scene.site.recorder.take()
  }

  @Test func `a kill at any change of the disk ends with the generation before in force`() async throws {
    try await scene.site.settle()
    let before = try scene.files
    let numbers = try await changingCalls()
    #expect(numbers.count > 4, "\(numbers)")
    var days = 100
    for number in numbers {
      days += 1
      let refused = try await refuse(days: days)
      let blade = ConfirmationBlade(scene, number)
      await #expect(processExitsWith: .signal(SIGKILL), "call \(number)") { [blade = blade as ConfirmationBlade] in
        try await blade.play()
      }
      try await expectWayBack(from: refused, to: before, "killed at call \(number)")
    }
  }

  @Test func `a disk that fails at any change keeps one whole generation in force, and the way is tried again`()
    async throws
  {
    try await scene.site.settle()
    let before = try scene.files
    var days = 200
    for number in try await changingCalls() {
      days += 1
      let refused = try await refuse(days: days)
      let calls = FailingFileCalls(.once(number: number, .noSpace), isArmed: false)
      try await ConfirmationBlade.play(scene, calls)
      try await scene.site.run { daemon in
        let current = try #require(try await daemon.currentNumber("sender"))
        #expect(try daemon.store("sender").damage(of: current).isEmpty, "call \(number)")
        scene.site.clock.advance(by: .minutes(3))
        try await daemon.settle()
      }
      try await expectWayBack(from: refused, to: before, "call \(number) failed")
    }
  }

  @Test func `a crash between the disk and the ledger goes on where it was`() async throws {
    try await scene.site.settle()
    let before = try scene.files
    let refused = try await refuse(days: 300)
    try await scene.site.run(reviewing: false) { daemon in
      let finding = StoredConfirmation.Finding(kind: .refused, culprit: .server, reason: "a test")
      let now = scene.site.clock.now()
      let intent = StoredConfirmation(
        origin: .written, fallback: 1, state: .withdrawing, since: now, attempts: 2, lastAttempt: now, finding: finding)
      #expect(try await daemon.context.ledger.record(intent, of: "sender", refused))
      try daemon.store("sender").activate(1)
    }
    try await expectWayBack(from: refused, to: before, "activated, not recorded")
  }
}

/// What a process needs to be the daemon with the folder of a test, and to die in the middle of a way back.
struct ConfirmationBlade: Codable, Sendable {
  private var folder: String
  private var now: Date
  private var number: Int

  init(_ scene: ConfirmationScene, _ number: Int) {
    folder = scene.site.folder.path.string
    now = scene.site.clock.now()
    self.number = number
  }

  func play() async throws {
    let scene = try ConfirmationScene(in: TemporaryFolder(lent: FilePath(folder)), at: now)
    try await Self.play(scene, FailingFileCalls(.kill(number: number), isArmed: false))
  }

  /// Starts the daemon and has it confirm once.
  static func play(_ scene: ConfirmationScene, _ calls: FailingFileCalls) async throws {
    try await scene.site.run(files: HostFiles(calls: calls), reviewing: false) { daemon in
      let due = await daemon.context.landscape.plan(now: scene.site.clock.now()).due
      let work = try #require(due.first { $0.work == .confirm(keystore: "sender") })
      calls.arm()
      try await daemon.services.dispatcher.run(work)
    }
  }
}
