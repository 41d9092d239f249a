// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Journal
import Keystores
import Ledger
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A clock that is wrong for an hour, and then right again, as before the time service of a host has started.
struct ClockFaultTests {
  private static let year = 365.25 * day
  /// In seconds.
  private static let errors = [-10 * year, -day, day, 10 * year]

  @Test(arguments: errors, [false, true])
  func `a clock that was wrong for an hour leaves files that work`(error: Double, isRestarted: Bool) async throws {
    let scene = try await CrashScene()
    try await scene.restore()
    try await scene.play()
    _ = scene.site.recorder.take()
    let right = scene.site.clock.now()
    let watch = Watch(scene)
    scene.site.clock.set(right + error)
    if isRestarted {
      try await scene.play()
      scene.site.clock.set(right + 3600)
      try await scene.play()
    } else {
      try await scene.site.run { daemon in
        scene.site.clock.set(right)
        try await daemon.settle()
        scene.site.clock.set(right + error)
        for _ in 1...6 {
          try await daemon.settle()
          scene.site.clock.advance(by: .minutes(10))
        }
        scene.site.clock.set(right + 3600)
        try await daemon.settle()
      }
    }
    let what: Comment = "\(error / day) days"
    try await watch.end("\(what)")
    try expectWorkingFiles(scene, at: scene.site.clock.now(), what)
    // What was written, planned or put off meanwhile keeps nothing from its time.
    let told = scene.site.recorder.takeNames()
    scene.site.clock.advance(by: .days(2))
    try await scene.play()
    try expectWorkingFiles(scene, at: scene.site.clock.now(), what)
    #expect(
      !scene.site.recorder.takeNames().contains { [.keystoreFailed, .certificateExpired].contains($0) },
      "\(what), after \(told)")
  }

  /// Each identity is valid now, and the server's roots are trusted.
  private func expectWorkingFiles(_ scene: CrashScene, at now: Date, _ what: Comment) throws {
    let roots = try Set([Authority.two.get().root.certificate])
    let pse = try RunningSite.read(scene.site.folder.file("outside.pse"), as: .pse())
    let own = try #require(pse.identity?.certificate)
    #expect(own.validity.notBefore <= now && own.validity.notAfter > now + 30 * day, "\(what): \(own.validity)")
    #expect(roots.isSubset(of: pse.trust), what)
    let current = scene.site.layout.keystore("sender").appending("current")
    let leaf = try #require(
      try PEMReader.certificates(in: HostFiles().readFile(current.appending("cert.pem"), limit: 1 << 16)).first)
    #expect(leaf.validity.notBefore <= now && leaf.validity.notAfter > now + 30 * day, "\(what): \(leaf.validity)")
  }
}
