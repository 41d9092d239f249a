// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import HTTPTransport
import Journal
import Ledger
import Planning
import ServiceKeys
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// What somebody else does to the keys on the platform, and how soon and how clearly it is told.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct DeletedKeyTests {
  enum Asking: String, CaseIterable, Sendable { case renew, verify, list }

  @Test(arguments: Asking.allCases)
  func `a key in force that was deleted in the cockpit is missed by whoever asks`(asking: Asking) async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let first = try #require(try await platform.ours().first)
        try await platform.control(.delete, "/keys/\(first.guid)")
        _ = platform.site.recorder.take()
        switch asking {
        case .renew: _ = try await daemon.services.keys.renew("sender", now: false)
        case .list: #expect(try await daemon.services.keys.keys(of: "sender").isEmpty)
        case .verify:
          let verdict = try await daemon.services.control.desk.verify("sender")
          #expect(verdict.verdict == .refused, "\(verdict)")
          #expect(verdict.reason.contains("no longer has the key \(first.name)"), "\(verdict.reason)")
        }
        try await platform.live(daemon, until: aTime + 3660)
        let told = platform.site.recorder.take()
        let names = told.map(\.event)
        let lost = try #require(told.first { $0.event == .keyLost })
        #expect(lost.fields[.keyGUID] == first.guid)
        #expect(lost.event.priority == .error)
        #expect(names.contains(.keyRenewed))
        let order = names.filter { $0 == .keyLost || $0 == .keyDue }
        #expect(order == [.keyLost, .keyDue], "what happened comes before what follows from it, and once")
        let due = told.first { $0.event == .keyDue }?.fields[.reason] ?? ""
        #expect(due.contains("no longer"), "\(due)")
        #expect(try await platform.ours().map(\.exists) == [false, true])
      }
    }
  }

  @Test func `nobody is led back to a key that was deleted after its overlap`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 25 * day)
        #expect(try await platform.ours().map(\.exists) == [false, true])
        let settings = try #require(await daemon.context.landscape.configuration.keystore(named: "sender"))
        let shelf = GenerationShelf(layout: daemon.context.layout, files: daemon.context.files)
        let rollback = Rollback(context: daemon.context, shelf: shelf)
        await #expect(throws: RollbackError.self) { try await rollback.run(settings, to: nil) }
        let chosen = try await rollback.run(settings, to: 1)
        #expect(
          chosen.warnings.contains { $0.contains("nothing can log in with its certificate") }, "\(chosen.warnings)")
      }
    }
  }

  @Test func `a key in force that is there is not renewed by who only asks`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        await #expect(throws: PlatformKeyControl.Refusal.self) {
          try await daemon.services.keys.renew("sender", now: false)
        }
        try await platform.live(daemon, until: aTime + 3660)
        #expect(try await platform.ours().count == 1)
      }
    }
  }

  @Test func `a refused login is told once over restarts, and its end with its beginning`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.fault("refused", "uaa.token")
      try await platform.site.run { try await platform.live($0, until: aTime + 600) }
      #expect(platform.site.recorder.takeNames().count { $0 == .loginFailing } == 1)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        #expect(!platform.site.recorder.takeNames().contains(.loginFailing))
        try await platform.live(daemon, until: aTime + 13 * 3600)
        let told = platform.site.recorder.take()
        let recovered = try #require(told.first { $0.event == .loginRecovered })
        let since = try Date(recovered.fields[.since] ?? "", strategy: .iso8601)
        #expect(abs(since.timeIntervalSince(aTime)) < 60, "\(recovered.message)")
      }
      // And what is over is not remembered.
      try await platform.fault("refused", "uaa.token", times: -1)
      try await platform.control(.delete, "/tokens?sessions=true")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 22 * day)
        #expect(platform.site.recorder.takeNames().count { $0 == .loginFailing } == 1)
      }
    }
  }

  @Test func `what an attempt failed for stands in the history, and a restart knows when one worked`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        try await platform.fault("job-failed", "cf.keys.create")
        try await platform.live(daemon, until: aTime + 600)
        let history = try await daemon.context.ledger.history(LedgerSubject(.serviceKey, "sender"), limit: 100)
        let failed = try #require(history.first { $0.event == "key.attempt-failed" })
        #expect(failed.message.contains("could not make the key"), "\(failed.message)")
        #expect(platform.site.recorder.takeNames().contains(.keyRenewed))
      }
      try await platform.site.run(reviewing: false) { daemon in
        let renewals = await daemon.context.landscape.inventory.serviceKeys["sender"]?.renewals
        #expect(renewals?.lastSuccess != nil && renewals?.lastSuccess == renewals?.lastAttempt)
      }
    }
  }

  @Test func `an outage that is over with the next attempt is no news`() async throws {
    try await PlatformSite.run { platform in
      try platform.configure()
      try await platform.site.run { daemon in
        // One call is tried three times.
        try await platform.fault("unavailable", "cf.keys.list", times: 3)
        try await platform.live(daemon, until: aTime + 3600)
        let told = Set(platform.site.recorder.takeNames())
        #expect(told.isDisjoint(with: [.platformUnavailable, .platformRecovered]))
        #expect(told.contains(.keyAttemptFailed) && told.contains(.keyRenewed))
      }
    }
  }

  @Test func `two entries that reach one instance by two bindings do not take each other's keys`() async throws {
    try await PlatformSite.run { platform in
      for (file, proof) in [("one", "secret"), ("two", "certificate")] {
        let path = try #require(platform.simulator.facts.serviceManagerLogins[proof])
        try platform.site.folder.write(file, bytes: Data(contentsOf: URL(filePath: path)))
      }
      let entries = ["one", "two"].map { name in
        """
          \(name):
            from:
              service-manager: {binding-file: \(platform.site.folder.file(name)), service-instance: xsuaa-sm, \
          preset: xsuaa, key-name: shared}
        """
      }
      try platform.site.configure(
        "defaults: {installation: one, proxy: none}\nservice-keys:\n" + entries.joined(separator: "\n"))
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 600)
        let second = await daemon.context.landscape.inventory.serviceKeys["two"]?.rotation?.obstacle ?? ""
        #expect(second.contains("as one: give one of them 'key-name'"), "\(second)")
        #expect(try await platform.ours().count(where: \.exists) == 1)
        let first = try await daemon.context.ledger.platformKeys(of: "one").filter { $0.state == .inForce }
        #expect(first.count == 1)
      }
    }
  }
}

/// What `certrotd key list` says of keys that other entries use.
struct KeyNeighboursTests {
  private static func serviceKey(_ name: String, base: String) -> ServiceKeySettings {
    let source = ServiceManagerSource(
      binding: .file("/absent"), instance: "i", key: PlatformKeySettings(base: base, preset: .xsuaa, parameters: "{}"))
    return ServiceKeySettings(name: name, source: .serviceManager(source))
  }

  private static func key(_ guid: String, _ installation: String?, _ base: String = "") -> PlatformKey {
    PlatformKey(
      guid: guid, name: guid, state: .ready, createdAt: nil,
      mark: installation.map { KeyMark(installation: $0, base: base) })
  }

  @Test func `the service key of the configuration that uses a key is named`() {
    let own = Self.serviceKey("own", base: "own")
    let configuration = Configuration(
      defaults: Defaults(installation: "here"),
      serviceKeys: [own, Self.serviceKey("other", base: "made"), Self.serviceKey("adopter", base: "a")])
    var inventory = Inventory(installation: 1)
    var adopter = SourceState()
    adopter.keys = [
      PlatformKeyState(guid: "taken", name: "taken", owner: .named, role: .inForce),
      PlatformKeyState(guid: "gone", name: "gone", owner: .named, role: .givenUp),
    ]
    inventory.serviceKeys["adopter"] = adopter
    let neighbours = KeyNeighbours(of: own, configuration, inventory)
    #expect(neighbours.user(of: Self.key("made", "here", "made")) == "other")
    #expect(neighbours.user(of: Self.key("taken", nil)) == "adopter")
    #expect(neighbours.user(of: Self.key("gone", nil)) == nil)
    #expect(neighbours.user(of: Self.key("peer", "there", "made")) == nil)
    #expect(neighbours.user(of: Self.key("mine", "here", "own")) == nil)
    let mark = KeyMark(installation: "here", base: "own")
    let standings = [
      KeyListing.Standing(Self.key("a", "here", "made"), nil, orphan: nil, neighbour: "other", mark: mark),
      KeyListing.Standing(Self.key("b", "here", "was"), nil, orphan: nil, neighbour: nil, mark: mark),
    ]
    #expect(standings == [.neighbour("other"), .ours(base: "was")])
    #expect(standings.map(\.ownerOnceAdopted) == [.foreign, .ours])
    let shown = standings.map { standing in
      ControlKey(KeyListing(Self.key("a", "here"), notAfter: nil, standing: standing, mark: mark))
    }
    #expect(shown.first?.reason == "it belongs to service key other of this configuration")
    #expect(shown.last?.reason?.contains("'was'") == true)
  }

  @Test func `a key in the making is in flight before its GUID is known, and one in the way goes`() throws {
    func rotation(_ state: String) throws -> KeyRotation {
      try KeyRotationText.decode(
        """
        {"rotation": {"attempts": 1, "begunAt": 0, "discarded": [], "dueAt": 0, "failedDeletions": 0, "isAdoption": false,
          "isPredecessorGone": false, "since": 0, "standing": {"ready": {}}, "state": \(state), "withheld": 0}, "version": 1}
        """)
    }
    let mark = KeyMark(installation: "here", base: "own")
    func standing(_ guid: String, of installation: String, _ state: String) throws -> KeyListing.Standing {
      KeyListing.Standing(
        Self.key(guid, installation, "own"), nil, rotation: try rotation(state), orphan: nil, neighbour: nil, mark: mark
      )
    }
    let requesting = "{\"requesting\": {\"name\": \"own-1\"}}"
    #expect(try standing("own-1", of: "here", requesting) == .inFlight)
    #expect(try standing("own-1", of: "there", requesting) == .peer(installation: "there"))
    #expect(try standing("own-0", of: "here", requesting) == .ours(base: "own"))
    #expect(try standing("own-0", of: "here", "{\"clearing\": {\"guid\": \"own-0\"}}") == .orphan(nil))
  }
}
