// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Journal
import Keystores
import Ledger
import TestSupport
import Testing

@testable import Rotation

/// What each service makes of its preset, and what becomes of each thing that can go wrong on the way.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct PlatformOfferingTests {
  @Test(arguments: [
    ("it-rt-sm", "cloud-integration"), ("xsuaa-cf", "xsuaa"), ("identity-cf", "identity"),
    ("destination-cf", "destination"), ("service-manager-cf", "service-manager"),
    ("auditlog-management-cf", "xsuaa-reuse"), ("cloud-logging-cf", "cloud-logging"),
    ("cloud-logging-sm", "cloud-logging"),
  ])
  func `a key of each service is made, proven, delivered and renewed`(instance: String, preset: String) async throws {
    try await PlatformSite.run { platform in
      // Cloud Logging has no token endpoint to prove a key with.
      try platform.configure(
        instance: instance, preset: preset, verify: preset == "cloud-logging" ? "none" : "token", profile: "modern",
        more: "overlap: 4d")
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 3600)
        let told = platform.site.recorder.takeNames()
        #expect(told.suffix(4) == [.keyCreated, .keyVerified, .keystoreWritten, .keyRenewed])
        let written = try daemon.read("sender", "cert.pfx", as: PlatformKeyLifeTests.pfx)
        let identity = try #require(written.identity)
        #expect(identity.certificate.validity.notAfter.timeIntervalSince(aTime) == 30 * day)
        #expect(identity.issuers.count == 2, "with its issuers up to the root")
        try await platform.live(daemon, until: aTime + 25 * day)
        let keys = try await platform.ours()
        #expect(keys.map(\.exists) == [false, true] && keys.map(\.detailsReads) == [1, 1])
      }
    }
  }

  struct Trouble: Sendable, CustomTestStringConvertible {
    var fault: String
    var route: String
    /// What is told beside the news of any new key; how many keys are made until one is in force.
    var outcome: String

    var testDescription: String { "\(fault) at \(route): \(outcome)" }
  }

  static let troubles: [Trouble] = [
    Trouble(fault: "server-error", route: "cf.keys.create", outcome: "key.attempt-failed; 1 made"),
    Trouble(fault: "redirect", route: "cf.keys.list", outcome: "key.attempt-failed; 1 made"),
    Trouble(fault: "not-json", route: "cf.keys.list", outcome: "key.attempt-failed; 1 made"),
    Trouble(fault: "too-large", route: "cf.keys.list", outcome: "key.attempt-failed; 1 made"),
    Trouble(fault: "truncated", route: "cf.keys.details", outcome: "nothing; 1 made"),
    Trouble(fault: "slow", route: "cf.jobs.get", outcome: "nothing; 1 made"),
    Trouble(fault: "credentials-unavailable", route: "cf.keys.details", outcome: "nothing; 1 made"),
    // What was never complete goes when it is an hour old.
    Trouble(fault: "job-timeout", route: "cf.keys.create", outcome: "key.attempt-failed, key.deleted; 2 made"),
    Trouble(fault: "job-stuck", route: "cf.keys.create", outcome: "key.attempt-failed; 2 made"),
    Trouble(fault: "duplicate", route: "cf.keys.create", outcome: "key.attempt-failed; 1 made"),
    // Another key would lack the same issuer, so that the first one is given a day.
    Trouble(
      fault: "root-missing", route: "cf.keys.create",
      outcome: "key.attempt-failed, key.renewal-failing, key.renewal-failing, key.orphaned; 2 made"),
    Trouble(
      fault: "chain-missing", route: "cf.keys.create",
      outcome: "key.attempt-failed, key.renewal-failing, key.renewal-failing, key.orphaned; 2 made"),
    // A refused password rests for twelve hours.
    Trouble(
      fault: "refused", route: "uaa.token",
      outcome: "login.failing, key.attempt-failed, key.renewal-failing, login.recovered; 1 made"),
    Trouble(fault: "unknown-route", route: "sm.bindings.create", outcome: "key.attempt-failed; 1 made"),
    Trouble(fault: "rate-limited", route: "sm.bindings.create", outcome: "nothing; 1 made"),
    Trouble(fault: "job-failed", route: "sm.bindings.create", outcome: "key.attempt-failed, key.deleted; 2 made"),
  ]

  @Test(arguments: troubles)
  func `each trouble has its outcome`(trouble: Trouble) async throws {
    try await PlatformSite.run { platform in
      let isManaged = trouble.route.hasPrefix("sm.")
      try platform.configure(
        instance: isManaged ? "xsuaa-sm" : "it-rt-cf", preset: isManaged ? "xsuaa" : "cloud-integration")
      try await platform.fault(trouble.fault, trouble.route)
      try await platform.site.run { daemon in
        try await platform.live(daemon, until: aTime + 2 * 3600)
        // A day is left out, in which what goes on failing would be tried every minute.
        try await platform.setClocks(aTime + day + 2 * 3600)
        try await platform.live(daemon, until: aTime + day + 4 * 3600)
        let news: Set<Event> = [
          .started, .configurationApplied, .keyDue, .keyCreated, .keyVerified, .keystoreWritten, .keyRenewed,
        ]
        let told = platform.site.recorder.takeNames().filter { !news.contains($0) }.map(\.rawValue)
        let made = try await platform.ours()
        let inForce = try await daemon.context.ledger.platformKeys(of: "sender").filter { $0.state == .inForce }
        let words = "\(told.isEmpty ? "nothing" : told.joined(separator: ", ")); \(made.count) made"
        #expect(words == trouble.outcome)
        let reads = made.map(\.detailsReads)
        #expect(inForce.count == 1 && (reads.max() ?? 0) <= 1)
        // What was of no use is removed, at the latest when its making is given up.
        try await platform.live(daemon, until: aTime + 10 * day)
        #expect(try await platform.ours().filter(\.exists).map(\.guid) == inForce.map(\.guid))
      }
    }
  }
}
