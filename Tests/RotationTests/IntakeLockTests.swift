// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import Host
import Journal
import Ledger
import OpenSSLBridge
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// `certrotd key import` beside a running daemon, which is told by inotify that the file has changed while the ledger does
/// not know of it yet.
struct IntakeLockTests {
  private let site: Site
  private let authority: Authority

  init() throws {
    site = try Site()
    authority = try Authority.one.get()
    try site.folder.write("roots.pem", [authority.root.certificate].pem)
    try site.configure(
      """
      service-keys: {sender: {from: {file: \(site.folder.file("sender.json"))}, verify: none}}
      keystores:
        sender:
          identity: {service-key: sender}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files: [{pem: {certificate: cert.pem, key: key.pem}}]
      """)
  }

  private func intake(_ daemon: RunningSite, lock: IntakeLock? = nil) throws -> ServiceKeyIntake {
    let bundles = BundleReader(files: HostFiles())
    return ServiceKeyIntake(
      context: daemon.context,
      issuers: IssuerPool(
        landscape: daemon.context.landscape, bundles: bundles, anchors: AnchorLibrary(bundles: bundles),
        logger: daemon.context.logger),
      verifier: IdentityVerifier(client: try HTTPClient(connections: 1), credentials: daemon.context.credentials),
      lock: lock)
  }

  private struct Taken: Error {}

  private func held(_ path: FilePath) throws -> FileLock {
    guard let lock = try FileLock.acquire(at: path, wait: false) else { throw Taken() }
    return lock
  }

  private func isFree(_ path: FilePath) throws -> Bool {
    guard let lock = try FileLock.acquire(at: path, wait: false) else { return false }
    lock.release()
    return true
  }

  /// What importing does between the copy and the record, with the daemon's look right there.
  private func importing(
    _ daemon: RunningSite, _ identity: TestIdentity, lookedAtBy look: ServiceKeyIntake,
    waits: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation),
    resume: AsyncStream<Void>.Continuation
  ) async throws -> ServiceKeyIntake.Outcome {
    let settings = try #require(await daemon.context.landscape.configuration.serviceKey(named: "sender"))
    let lock = try held(daemon.context.layout.intakeLock)
    let bytes = Array(try identity.serviceKeyJSON().utf8)
    try site.folder.write("sender.json", bytes: bytes)
    let outcome = Task {
      defer { waits.continuation.finish() }
      return try await look.take(settings, force: false)
    }
    // The look has begun, and waits; one that does not has judged the file beside the old record.
    for await _ in waits.stream {}
    _ = try await daemon.context.ledger.acceptIdentity(
      NewIdentity(
        owner: .serviceKey("sender"), leaf: identity.certificate, issuers: identity.issuers,
        privateKey: try identity.key.pkcs8DER(), sourceDigest: Digest.sha256(bytes)), at: site.clock.now())
    lock.release()
    resume.finish()
    return try await outcome.value
  }

  @Test(.timeLimit(.minutes(5)), arguments: [120, 60] as [Double])
  func `the daemon sees the file and its record, or neither`(days: Double) async throws {
    try await site.run { daemon in
      let first = try authority.leaf(days: 90)
      try site.folder.write("sender.json", bytes: try first.serviceKeyJSON().utf8)
      try await daemon.settle()
      #expect(site.recorder.takeNames().contains(.keyAccepted))
      let waits = AsyncStream.makeStream(of: Void.self)
      let (resumes, resume) = AsyncStream.makeStream(of: Void.self)
      let lock = IntakeLock(path: daemon.context.layout.intakeLock) {
        waits.continuation.finish()
        for await _ in resumes {}
      }
      // One that ends earlier is taken over with --force only: judged beside the old record it would be rejected.
      let outcome = try await importing(
        daemon, try authority.leaf(days: days), lookedAtBy: try intake(daemon, lock: lock), waits: waits,
        resume: resume)
      guard case .unchanged = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(site.recorder.takeNames().isEmpty, "whoever takes it over tells")
    }
  }

  @Test func `it is held from the copy to the record, and what came in between is looked at again`() async throws {
    try await site.run { daemon in
      try await daemon.settle()
      let settings = try #require(await daemon.context.landscape.configuration.serviceKey(named: "sender"))
      let path = daemon.context.layout.intakeLock
      let key = try authority.leaf(days: 120)
      let bytes = SecretBytes(copying: Array(try key.serviceKeyJSON().utf8))
      var places = 0
      let outcome = try await intake(daemon).take(settings, offered: bytes, force: false) { _ in
        places += 1
        do {
          #expect(try !isFree(path))
        } catch {
          Issue.record(error)
        }
      }
      guard case .accepted(let leaf, _, _) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(leaf == key.certificate && places == 1)
      #expect(try isFree(path), "and let go of")
    }
  }

  @Test func `whoever holds it for too long is named`() async throws {
    try await site.run { daemon in
      try site.folder.write("sender.json", bytes: try authority.leaf().serviceKeyJSON().utf8)
      let settings = try #require(await daemon.context.landscape.configuration.serviceKey(named: "sender"))
      let path = daemon.context.layout.intakeLock
      let held = try held(path)
      let outcome = try await intake(daemon, lock: IntakeLock(path: path) {}).take(settings, force: false)
      held.release()
      guard case .rejected(let rejection) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(rejection.mayPass && rejection.culprit == .host && rejection.reason.contains(path.string))
    }
  }
}
