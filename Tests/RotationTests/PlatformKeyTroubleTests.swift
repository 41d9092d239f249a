// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import HTTPTransport
import Host
import Journal
import Keystores
import Ledger
import OpenSSLBridge
import Planning
import ServiceKeys
import TestSupport
import Testing

@testable import Rotation

/// What goes wrong on the platform, and what becomes of the key in force.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct PlatformKeyTroubleTests {
  private func leaf(_ daemon: RunningSite) throws -> Certificate? {
    try daemon.read("sender", "cert.pfx", as: PlatformKeyLifeTests.pfx).identity?.certificate
  }

  private static func count(_ event: Event, in names: [Event]) -> Int { names.count { $0 == event } }

  @Test func `a refused key leaves the old one in force, and another one is made`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let old = try leaf(daemon)
        _ = platform.site.recorder.take()
        try await platform.setClocks(aTime + 20.5 * day)
        try await platform.fault("refused", "token.token", times: -1)
        try await platform.live(daemon, until: aTime + 20.5 * day + 1200)
        #expect(try leaf(daemon) == old)
        let events = platform.site.recorder.take()
        let refused = events.filter { $0.event == .keyRefused }.map { $0.fields[.keyName] ?? "" }
        #expect(!refused.isEmpty && Set(refused).count == refused.count, "once for each key: \(refused)")
        let names = Set(events.map(\.event))
        #expect(names.contains(.keyOrphaned) && names.isDisjoint(with: [.keyRenewed, .keyDeleted]))
        try await platform.control(.delete, "/faults")
        try await platform.live(daemon, until: aTime + 27 * day)
        #expect(try leaf(daemon) != old)
        #expect(platform.site.recorder.takeNames().contains(.keyRenewed))
        #expect(try await platform.ours().filter(\.exists).count == 1, "the refused key is removed, too")
      }
    }
  }

  @Test func `a refused login is tried again when an operator renews`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.fault("refused", "uaa.token")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 1800)
        let before = platform.site.recorder.takeNames()
        #expect(before.contains(.loginFailing) && !before.contains(.keyRenewed))
        _ = try await daemon.services.keys.renew("sender", now: false)
        try await platform.live(daemon, until: aTime + 3700)
        #expect(try await platform.calls("uaa.token") == 1, "the same password once more might lock the user")
        let failing = await daemon.context.landscape.inventory.serviceKeys["sender"]?.rotation?.obstacle ?? ""
        #expect(failing.contains("correct the password that 'password-credential' names"), "\(failing)")
        _ = try await daemon.services.keys.renew("sender", now: false)
        try await platform.live(daemon, until: aTime + 2 * 3600)
        #expect(platform.site.recorder.takeNames().contains(.keyRenewed))
      }
    }
  }

  @Test func `the daemon ends although a login hangs, and blames nobody for it`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.fault("hang", "uaa.token", times: -1)
      try await platform.site.run { daemon in
        try await withThrowingTaskGroup { group in
          group.addTask { try await daemon.services.conductor.run() }
          while try await platform.calls("uaa.token") == 0 { await Task.yield() }
          group.cancelAll()
        }
        // Whoever waits for the login to fail tells of an outage.
        #expect(!platform.site.recorder.takeNames().contains(.platformUnavailable))
      }
    }
  }

  @Test(arguments: ["reset-after", "reset", "unavailable", "job-lost", "job-failed", "job-slow", "quota", "busy"])
  func `trouble while a key is made ends with one key`(fault: String) async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.fault(fault, "cf.keys.create")
        try await platform.live(daemon, until: aTime + 2 * 3600)
        #expect(platform.site.recorder.takeNames().contains(.keyRenewed))
        try await platform.live(daemon, until: aTime + 5 * day)
        let keys = try await platform.ours().filter(\.exists)
        #expect(keys.count == 1 && keys.first?.detailsReads == 1, "\(keys)")
      }
    }
  }

  @Test(arguments: [
    "key-mismatch", "already-expired", "ends-earlier", "same-serial", "same-certificate", "no-client-auth",
  ])
  func `a bad key never replaces a good one`(fault: String) async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let old = try leaf(daemon)
        try await platform.setClocks(aTime + 20.5 * day)
        try await platform.fault(fault, "cf.keys.create")
        _ = platform.site.recorder.take()
        try await platform.live(daemon, until: aTime + 20.5 * day + 30)
        #expect(platform.site.recorder.takeNames().contains(.keyRefused))
        #expect(try leaf(daemon) == old)
        try await platform.live(daemon, until: aTime + 27 * day)
        #expect(try leaf(daemon) != old)
        #expect(try await platform.ours().filter(\.exists).count == 1)
      }
    }
  }

  @Test(arguments: ["chain-shuffled", "key-pkcs8", "key-ec", "literal-newlines"])
  func `an odd key is taken as it is`(fault: String) async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.fault(fault, "cf.keys.create")
        try await platform.live(daemon, until: aTime + 3600)
        #expect(try leaf(daemon) != nil)
        #expect(try await platform.ours().count == 1)
      }
    }
  }

  @Test func `a key that cannot be kept beside another is deleted first`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(instance: "theming-cf", preset: "xsuaa-reuse", more: "replace: delete-first")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let old = try leaf(daemon)
        _ = platform.site.recorder.take()
        try await platform.live(daemon, until: aTime + 21 * day)
        let events = platform.site.recorder.take()
        #expect(
          events.map(\.event) == [.keyDue, .keyDeleted, .keyCreated, .keyVerified, .keystoreWritten, .keyRenewed])
        #expect(events.count > 1 && events[1].message.contains("one key at a time"))
        #expect(try leaf(daemon) != old)
        #expect(try await platform.ours().map(\.exists) == [false, true])
      }
    }
  }

  @Test func `a colleague's key is never deleted`() async throws {
    try await PlatformSite.run { platform in
      let guid = try await platform.addKey("sender", parameters: "{\"key-type\":\"certificate\"}")
      try platform.configure(more: "overlap: 8d")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 50 * day)
      }
      let other = try #require(try await platform.bookedKey(guid))
      #expect(other.exists && other.detailsReads == 0)
    }
  }

  @Test func `two installations share the keys of one of them`() async throws {
    try await PlatformSite.run { platform in
      let other = try PlatformSite(platform.simulator)
      try platform.configure(installation: "one")
      try other.configure(installation: "two")
      try await platform.site.run { first in
        try await other.site.run { second in
          for time in stride(from: aTime + 60, to: aTime + 25 * day, by: day / 4) {
            try await platform.live(first, until: time)
            other.site.clock.set(time)
            for _ in 0..<3 { try await second.settle() }
          }
          #expect(try leaf(first) == leaf(second))
          let keys = try await platform.ours()
          #expect(keys.count == 2, "\(keys.map(\.name))")
        }
      }
      #expect(other.site.recorder.takeNames().contains(.keyAdopted))
    }
  }

  @Test func `a lost ledger adopts the newest key`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { try await platform.live($0, until: aTime + 3600) }
      try HostFiles().removeTree(at: platform.site.layout.root)
      try await platform.site.run { try await platform.live($0, until: aTime + 2 * 3600) }
      let keys = try await platform.ours()
      #expect(keys.count == 1 && keys.first?.detailsReads == 2)
      let told = platform.site.recorder.takeNames().filter { $0 == .keyCreated || $0 == .keyAdopted }
      #expect(told == [.keyCreated, .keyAdopted], "it was made once")
    }
  }

  @Test func `a corrected login is tried at once`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try platform.site.folder.write("password", bytes: "wrong".utf8)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let now = platform.site.clock.now()
        let landscape = daemon.context.landscape
        _ = platform.site.recorder.take()
        try platform.site.folder.write("password", bytes: platform.simulator.facts.user.password.utf8)
        #expect(await landscape.plan(now: now).due.isEmpty, "the backoff is not over")
        try await daemon.services.refresher.changed(platform.site.folder.file("password"))
        #expect(await landscape.plan(now: now).due.map(\.work) == [.tendServiceKey("sender")])
        try await platform.live(daemon, until: now + 30)
        #expect(platform.site.recorder.takeNames().contains(.keyRenewed))
      }
    }
  }

  @Test func `a credential that only is touched or rewritten lets nothing be tried earlier`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.fault("unavailable", "cf.*", times: -1)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let now = platform.site.clock.now()
        let landscape = daemon.context.landscape
        try platform.site.folder.write("password", bytes: platform.simulator.facts.user.password.utf8)
        try await daemon.services.refresher.changed(platform.site.folder.file("password"))
        #expect(await landscape.plan(now: now).due.isEmpty)
        try platform.site.folder.write("password", bytes: "another".utf8)
        try await daemon.services.refresher.changed(platform.site.folder.file("password"))
        #expect(await landscape.plan(now: now).due.map(\.work) == [.tendServiceKey("sender")])
      }
    }
  }

  @Test func `an outage and a refused password are told once`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.fault("unavailable", "cf.*", times: -1)
        try await platform.live(daemon, until: aTime + 3600)
        var names = platform.site.recorder.takeNames()
        #expect(Self.count(.platformUnavailable, in: names) == 1)
        #expect(names.contains(.keyRenewalFailing))
        try await platform.control(.delete, "/faults")
        try await platform.live(daemon, until: aTime + 3 * 3600)
        names = platform.site.recorder.takeNames()
        #expect(Self.count(.platformRecovered, in: names) == 1)
        #expect(names.contains(.keyRenewed))
      }
    }
    try await PlatformSite.run { platform in
      try platform.configure()
      try platform.site.folder.write("password", bytes: "wrong".utf8)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let events = platform.site.recorder.take().filter { $0.event == .loginFailing }
        #expect(events.count == 1)
        try platform.site.folder.write("password", bytes: platform.simulator.facts.user.password.utf8)
        try await platform.live(daemon, until: aTime + 3 * 3600)
        let told = platform.site.recorder.take()
        #expect(told.contains { $0.event == .keyRenewed })
        let recovered = told.filter { $0.event == .loginRecovered }
        #expect(recovered.count == 1 && recovered.first?.message.contains("it was not accepted for") == true)
        #expect(recovered.first?.fields[.since] == EventTime.text(events.first.map { _ in aTime } ?? .distantPast))
      }
    }
  }

  @Test func `a locked user is told of once, asked for once an hour, and goes on when it was unlocked`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.fault("locked", "uaa.token")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3.5 * 3600)
        let failing = platform.site.recorder.take().filter { $0.event == .loginFailing }
        #expect(failing.count == 1 && failing.first?.message.contains("locked") == true)
        #expect(try await platform.calls("uaa.token") <= 4, "each further one may keep it locked for longer")
        let user = platform.simulator.facts.user
        try await platform.control(
          .post, "/users",
          "{\"name\": \"\(user.name)\", \"password\": \"\(user.password)\", \"origin\": \"\(user.origin)\"}")
        try await platform.live(daemon, until: aTime + 6 * 3600)
        let told = platform.site.recorder.takeNames()
        #expect(told.contains(.loginRecovered) && told.contains(.keyRenewed))
      }
    }
  }

  @Test func `a refused password is told to rest, and not to be tried again`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try platform.site.folder.write("password", bytes: "wrong".utf8)
      try await platform.site.run { daemon in
        let progress = try await daemon.services.keys.renew("sender", now: false)
        try await platform.live(daemon, until: aTime + 1800)
        let rests = aTime + 12 * 3600
        var last: KeyProgress?
        for await step in progress { last = step }
        guard case .ended(false, let sentence)? = last else {
          Issue.record("\(String(describing: last))")
          return
        }
        let prospect = "the login is not tried again before it changes, or before \(TimeText.instant(rests))"
        #expect(sentence.contains("is not accepted") && sentence.hasSuffix(prospect), "\(sentence)")
        let inventory = await daemon.context.landscape.inventory
        let status = StatusReader.read(
          await daemon.context.landscape.configuration, inventory, now: platform.site.clock.now())
        let sender = try #require(status.subjects.first { $0.subject == .serviceKey("sender") })
        #expect(sender.state == .failing && sender.nextAttempt == rests, "\(sender)")
        #expect(sender.reason.hasSuffix(prospect), "\(sender.reason)")
        let failing = platform.site.recorder.take().filter { $0.event == .keyRenewalFailing }
        #expect(failing.first?.fields[.nextAttempt] == EventTime.text(rests))
        #expect(failing.first?.fields[.attempts] == "1", "the password was sent once")
        #expect(failing.first?.message.contains("one attempt went to the platform, since the login rests") == true)
      }
    }
  }

  @Test func `an outage of a platform that a binding names is told with its address`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(instance: "xsuaa-sm", preset: "xsuaa")
      try await platform.fault("unavailable", "sm.*", times: -1)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let told = try #require(platform.site.recorder.take().first { $0.event == .platformUnavailable })
        let place = told.fields[.platform] ?? ""
        let file = "\(platform.site.folder.file("manager"))"
        #expect(place.hasPrefix("Service Manager of \(file) at https://"), "\(place)")
        #expect(told.message.contains(place))
      }
    }
  }

  @Test func `a binding that the Service Manager could not make is listed as failed`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(instance: "xsuaa-sm", preset: "xsuaa")
      try await platform.fault("job-failed", "sm.bindings.create")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 1800)
        let listed = try await daemon.services.keys.keys(of: "sender")
        #expect(Set(listed.map(\.state)) == [.createFailed, .ready], "\(listed)")
        try await platform.fault("job-stuck", "sm.bindings.create")
        _ = try await daemon.services.keys.renew("sender", now: true)
        try await platform.live(daemon, until: aTime + 1900)
        let later = try await daemon.services.keys.keys(of: "sender")
        #expect(Set(later.map(\.state)) == [.createFailed, .ready, .creating], "\(later)")
      }
    }
  }

  @Test func `a corrected login is tried at once after a reload`() async throws {
    try await PlatformSite.run { platform in
      let password = platform.site.folder.file("password")
      try platform.configure(login: "user: {name: nobody@example.com, password-credential: \(password)}")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 60)
        #expect(try await platform.ours().isEmpty)
        try platform.configure()
        #expect(try await daemon.services.keeper.reload().isEmpty)
        try await platform.live(daemon, until: aTime + 180)
        #expect(try await platform.ours().count(where: \.exists) == 1)
      }
    }
  }

  @Test func `a platform whose clock lags by days is not asked for one key after another`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure(validity: 3, more: "overlap: 1h")
      platform.site.clock.set(aTime + 2.5 * day)
      try await platform.site.run { daemon in
        for _ in 1...120 {
          try await daemon.settle()
          platform.site.clock.advance(by: .minutes(1))
          let theirs = (platform.site.clock.now() - 2.5 * day).timeIntervalSince1970
          try await platform.control(.post, "/clock", "{\"now\": \(theirs)}")
        }
        let made = try await platform.ours().count
        #expect((1...3).contains(made), "\(made) keys in two hours")
      }
    }
  }
}
