// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTransport
import Host
import Journal
import Ledger
import Planning
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// A keystore whose files are tried, on a site of its own: with the identity of a service key that is dropped in, a hook
/// that leaves word, and a TLS server that may be asked.
struct ConfirmationScene: Sendable {
  let site: Site
  let authority: Authority
  let server: TLSServer

  /// With `confirm` as it stands there, `PORT` being that of the server, which shows `first` until it is told otherwise.
  ///
  /// Requests go by the host's clock, and trust the root of `first`.
  init(_ confirm: String, showing first: TestIdentity, options: TLSServerOptions = TLSServerOptions()) throws {
    authority = try Authority.one.get()
    let root = [first.path.last ?? first.certificate].pem
    site = try Site(reach: PlatformReach(trust: .certificates(Array(root.utf8))))
    server = try TLSServer(identity: try first.served, options: options)
    try site.folder.write("roots.pem", [authority.root.certificate].pem)
    try configure(confirm)
  }

  /// Takes over what another process left in `folder`, where nobody serves any more.
  init(in folder: TemporaryFolder, at now: Date) throws {
    authority = try Authority.one.get()
    site = Site(in: folder, reach: PlatformReach())
    server = try TLSServer(identity: try authority.leaf().served)
    site.clock.set(now)
  }

  func configure(_ confirm: String) throws {
    try site.configure(
      """
      defaults: {keep-generations: 2}
      service-keys:
        sender:
          from: {file: \(site.folder.file("sender.json"))}
          verify: none
          proxy: none
      keystores:
        sender:
          identity: {service-key: sender}
          trust: {bundles: [\(site.folder.file("roots.pem"))]}
          files:
            - pem: {certificate: cert.pem, key: key.pem}
            - pem: {certificate: \(site.folder.file("outside.pem"))}
          after-change: [[/bin/sh, -c, "echo $CERTROTD_GENERATION >> \(site.folder.file("hooks"))"]]
          confirm: \(confirm.replacing("PORT", with: "\(server.port)"))
      """)
  }

  /// Puts another service key in place.
  func drop(_ identity: TestIdentity, _ daemon: RunningSite) async throws {
    try site.folder.write("sender.json", bytes: identity.serviceKeyJSON().utf8)
    try await daemon.services.refresher.changed(site.folder.file("sender.json"))
  }

  /// For which generations the hook ran, in order.
  var hookRuns: [Int] {
    let bytes = (try? HostFiles().readFile(site.folder.file("hooks"), limit: 1 << 16)) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Int($0) }
  }

  /// Every file that consumers read, byte for byte.
  var files: [String: [UInt8]] {
    get throws {
      var files: [String: [UInt8]] = [:]
      for name in ["state/keystores/sender/current/cert.pem", "state/keystores/sender/current/key.pem", "outside.pem"] {
        files[name] = try HostFiles().readFile(site.folder.file(name), limit: 1 << 16)
      }
      return files
    }
  }

  /// Does what is due for some seconds, one at a time.
  func live(_ daemon: RunningSite, for seconds: Int) async throws {
    for second in 0...seconds {
      if second > 0 { site.clock.advance(by: .seconds(1)) }
      try await daemon.settle()
    }
  }

  func confirmation(_ daemon: RunningSite) async throws -> GenerationConfirmation? {
    let known = await daemon.context.landscape.inventory.keystores["sender"]?.confirmation
    let stored = try await daemon.context.ledger.confirmation(of: "sender").map { GenerationConfirmation($0) }
    #expect(known?.origin == stored?.origin && known?.fallback == stored?.fallback, "the ledger says the same")
    return known
  }
}

extension GenerationConfirmation {
  var isConfirmed: Bool {
    if case .confirmed = state { true } else { false }
  }

  var isTrying: Bool {
    if case .trying = state { true } else { false }
  }

  /// How often it was tried in vain since the state began.
  var attempts: Int? {
    switch state {
    case .trying(let trial), .unconfirmed(let trial, _): trial.attempts
    case .owed, .withdrawing, .confirmed: nil
    }
  }

  /// Of what is not confirmed though the patience is over: why it stays, empty where nothing speaks against it.
  var obstacle: String? {
    if case .unconfirmed(_, let obstacle) = state { obstacle ?? "" } else { nil }
  }
}
