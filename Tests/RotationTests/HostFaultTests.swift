// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Ledger
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A disk that is full, broken, read-only or forbidden, a process that has no descriptor left, and a ledger that cannot be
/// written: the files in force stay whole, somebody is told, and the work goes on when the fault is gone.
///
/// Every call of a busy day fails once with `CERTROTD_FULL_CRASH_MATRIX=1`, every so many otherwise.
struct HostFaultTests {
  /// A fault of the host, and the calls that it lets fail.
  private static let faults: [(Errno, Set<String>)] = [
    (.noSpace, ["create", "write", "fsync", "mkdir", "symlink", "rename", "renameat2", "fsetxattr"]),
    (.ioError, FailingFileCalls.changing),
    (.readOnlyFileSystem, FailingFileCalls.changing.subtracting(["write", "fsync"])),
    (.permissionDenied, FailingFileCalls.changing.subtracting(["write", "fsync"])),
    (.tooManyOpenFiles, ["create", "open"]),
  ]

  /// What is told while a fault lasts, and is over afterwards.
  private static let alarms: Set<Event> = [.keystoreFailed, .keystoreTrustGap, .keyRejected, .endpointUntrusted]

  private static let isFull = ProcessInfo.processInfo.environment["CERTROTD_FULL_CRASH_MATRIX"] != nil

  @Test func `a fault that lasts stops nothing but the writing, and that goes on by itself`() async throws {
    let scene = try await CrashScene()
    for (errno, calls) in Self.faults { try await last(errno, calls, scene) }
  }

  private func last(_ errno: Errno, _ calls: Set<String>, _ scene: CrashScene) async throws {
    try await scene.restore()
    let watch = Watch(scene)
    let disk = FailingFileCalls(.every(calls, errno), isArmed: false)
    try await scene.site.run(files: HostFiles(calls: disk)) { daemon in
      disk.arm()
      _ = scene.site.recorder.take()
      for _ in 1...6 {
        try await daemon.settle()
        scene.site.clock.advance(by: .minutes(10))
      }
      #expect(try scene.inForce().isEmpty, "\(errno)")
      let told = scene.site.recorder.take().filter { Self.alarms.contains($0.event) }
      let reasons = told.compactMap { $0.event == .keystoreTrustGap ? nil : $0.fields[.reason] }
      #expect(reasons.count >= 2 && reasons.allSatisfy { $0.contains("\(errno)") }, "\(errno): \(told)")
      #expect(told.allSatisfy { $0.event == .keystoreTrustGap || $0.fields[.culprit] == "host" }, "\(errno): \(told)")
      #expect(Set(told.map(\.message)).count == told.count, "each is told once while it lasts: \(told)")
      disk.disarm()
      scene.site.clock.advance(by: .minutes(70))
      try await daemon.settle()
      let after = scene.site.recorder.takeNames()
      let recoveries: Set<Event> = [.keystoreRecovered, .keyRecovered, .endpointRecovered]
      #expect(after.count(where: recoveries.contains) == told.count, "\(errno): each is told to be over: \(after)")
    }
    try await watch.end("\(errno)")
    try await scene.expectEndOfDay("after \(errno)", failures: 10)
  }

  @Test func `each call that fails once leaves files whole and is made up for`() async throws {
    let scene = try await CrashScene()
    for (errno, calls) in Self.faults { try await failOnce(errno, calls, scene) }
  }

  private func failOnce(_ errno: Errno, _ calls: Set<String>, _ scene: CrashScene) async throws {
    try await scene.restore()
    let probe = FailingFileCalls()
    try await scene.play(files: HostFiles(calls: probe))
    let numbers = probe.numbers(of: calls)
    try #require(numbers.count > 20, "\(numbers.count)")
    for number in stride(from: 0, to: numbers.count, by: Self.isFull ? 1 : numbers.count / 2).map({ numbers[$0] }) {
      try await scene.restore()
      let watch = Watch(scene)
      let what = "\(errno) of call \(number), \(probe.log[number - 1])"
      do {
        try await scene.play(files: HostFiles(calls: FailingFileCalls(.once(number: number, errno))))
      } catch let error as StartError {
        // The service manager starts it again.
        #expect(Daemon.culprit(of: error) == .host, "\(what)")
      }
      try await watch.end(what)
      scene.site.clock.advance(by: .minutes(70))
      try await scene.play()
      try await scene.expectEndOfDay("\(what)")
    }
  }

  @Test func `each write to the ledger that fails ends the daemon, and the next start goes on`() async throws {
    let scene = try await CrashScene()
    for moment in LedgerPoint.Moment.allCases { try await failWrite(at: moment, scene) }
  }

  private func failWrite(at moment: LedgerPoint.Moment, _ scene: CrashScene) async throws {
    try await scene.restore()
    let probe = FailingLedger(moment: moment)
    try await scene.play(ledger: probe)
    try #require(probe.count > 20, "\(probe.count)")
    for number in stride(from: 1, through: probe.count, by: Self.isFull ? 1 : probe.count / 2) {
      try await scene.restore()
      let watch = Watch(scene)
      let ledger = FailingLedger(moment: moment, number, .full(ledger: scene.site.layout.ledger))
      let what = "write \(number) to the ledger, \(moment)"
      do {
        try await scene.play(ledger: ledger)
      } catch let error as LedgerError {
        #expect(error == .full(ledger: scene.site.layout.ledger), "\(what)")
      }
      #expect(ledger.count >= number, "\(what): it came to the fault")
      try await watch.end(what)
      try await scene.play()
      try await scene.expectEndOfDay("\(what)")
    }
  }
}
