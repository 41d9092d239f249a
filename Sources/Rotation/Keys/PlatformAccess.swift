// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Host
import Ledger
import Planning
import ServiceKeys
import Settings
import SystemPackage

/// Reaches the platform of a service key: logs in, finds the service instance, and watches every call.
struct PlatformAccess: Sendable {
  let context: RotationContext
  let connector: PlatformConnector
  let troubles: PlatformTroubles

  /// A platform with the service instance that is meant.
  struct Reached: Sendable {
    var platform: any KeyPlatform
    var instance: PlatformInstance
    var actions: PlatformKeyActions
  }

  /// Reaches the platform, unless `reached` says that it is.
  func reach(_ settings: ServiceKeySettings, _ reached: Reached?) async throws(PlatformFailure) -> Reached {
    if let reached { return reached }
    var caller = PlatformTroubles.Caller(settings)
    let connection: PlatformConnector.Connection?
    do throws(PlatformFailure) {
      let own = try await ownLogin(settings)
      // Before anything is asked of the platform: a login that has ended is known even if nobody answers.
      let login = try connector.login(of: settings, own: own)
      caller.address = login?.address
      try await remember(login?.certificates ?? [], of: settings)
      if let login { connection = try await connector.connect(settings, with: login) } else { connection = nil }
      try await troubled { [caller] in try await troubles.answered(caller, .connect, acceptsLogin: false) }
    } catch {
      try await note(error, caller)
      throw error
    }
    guard let connection, let key = settings.source.platformKey else {
      throw PlatformFailure(.local, .configuration, "\(settings.name) is not made on a platform")
    }
    let watched = WatchedPlatform(
      connection.platform, caller: caller, troubles: troubles, logger: context.logger)
    let instance = try await watched.instance(connection.instance)
    let mark = Self.mark(of: settings, await context.landscape.configuration)
    if let rival = try await rival(of: settings, mark, in: instance) {
      throw PlatformFailure(
        .local, .configuration,
        "it makes keys of the same name in the same service instance as \(rival): give one of them 'key-name'")
    }
    return Reached(
      platform: watched, instance: instance,
      actions: PlatformKeyActions(watched, instance: instance, parameters: key.parameters, mark: mark))
  }

  /// Has a login that the platform refused tried again at its next use; nothing is asked of the platform.
  func pardonLogin(of settings: ServiceKeySettings) async throws(PlatformFailure) {
    try await connector.pardonLogin(of: settings, own: try await ownLogin(settings))
  }

  /// What marks the keys of this service key as this installation's.
  static func mark(of settings: ServiceKeySettings, _ configuration: Configuration) -> KeyMark {
    KeyMark(
      installation: configuration.defaults.installation ?? ProcessInfo.processInfo.hostName,
      base: settings.source.platformKey?.base ?? settings.name)
  }

  /// Another service key that makes its keys under the same name in the same instance, which only the platform can tell
  /// where the configuration reaches it by two logins: each would take the other's keys for its own, and delete them.
  ///
  /// Whoever has no key there makes way; between two that have, whoever comes later in the configuration.
  private func rival(
    of settings: ServiceKeySettings, _ mark: KeyMark, in instance: PlatformInstance
  ) async throws(PlatformFailure) -> String? {
    let configuration = await context.landscape.configuration
    let namesakes = configuration.serviceKeys.filter {
      $0.source.platformKey != nil && Self.mark(of: $0, configuration) == mark
    }.map(\.name)
    guard namesakes.count > 1, let own = namesakes.firstIndex(of: settings.name) else { return nil }
    let hasKey = try await uses(settings.name, instance)
    for (index, other) in namesakes.enumerated() where index != own && (index < own || !hasKey) {
      if try await uses(other, instance) { return other }
    }
    return nil
  }

  private func uses(_ serviceKey: String, _ instance: PlatformInstance) async throws(PlatformFailure) -> Bool {
    do throws(LedgerError) {
      return try await context.ledger.platformKeys(of: serviceKey).contains {
        $0.instance == instance.guid && [.inFlight, .inForce, .retiring].contains($0.state)
      }
    } catch {
      throw PlatformFailure(.local, .host, "the ledger cannot be read: \(error)")
    }
  }

  private func ownLogin(_ settings: ServiceKeySettings) async throws(PlatformFailure) -> OwnLogin? {
    guard case .serviceManager(let source) = settings.source else { return nil }
    return try await OwnLogin.find(of: source, context)
  }

  private func remember(_ login: [Certificate], of settings: ServiceKeySettings) async throws(PlatformFailure) {
    let leaf = login.first.map { KnownCertificate($0) }
    guard await context.landscape.inventory.serviceKeys[settings.name]?.login != leaf else { return }
    do throws(LedgerError) {
      try await context.ledger.recordLoginCertificates(login, of: settings.name, at: context.clock.now())
    } catch {
      throw PlatformFailure(.local, .host, "the ledger did not take note of the login: \(error)")
    }
    await context.landscape.update { $0.serviceKeys[settings.name, default: SourceState()].login = leaf }
  }

  private func note(_ failure: PlatformFailure, _ caller: PlatformTroubles.Caller) async throws(PlatformFailure) {
    try await troubled { try await troubles.note(failure, of: caller, calling: .connect) }
  }

  private func troubled(_ body: () async throws -> Void) async throws(PlatformFailure) {
    do {
      try await body()
    } catch {
      throw PlatformFailure(.local, .host, "the ledger did not take note of the platform's trouble: \(error)")
    }
  }
}

extension PlatformTroubles.Caller {
  /// Who calls for a service key, as the configuration has it.
  init(_ settings: ServiceKeySettings) {
    switch settings.source {
    case .file(let path): self.init(serviceKey: settings.name, platform: path.string, login: "", credential: "")
    case .cloudFoundry(let source):
      self.init(
        serviceKey: settings.name, platform: source.api, login: source.login.principal,
        credential: "\(source.login.credential)")
    case .serviceManager(let source):
      self.init(
        serviceKey: settings.name, platform: "Service Manager of \(source.binding)", login: "\(source.binding)",
        credential: "\(source.binding)")
    }
  }
}

extension LoginSettings {
  /// Who logs in, for a sentence.
  fileprivate var principal: String {
    switch self {
    case .user(let name, _, let origin), .userCertificate(let name, _, _, let origin):
      origin.map { "\(name) (\($0))" } ?? name
    case .client(let id, _): id
    }
  }
}
