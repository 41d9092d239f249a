// SPDX-License-Identifier: Apache-2.0

import Ledger
import Planning
import Settings

/// What renewing one name concerns: the service key or the keystore of that name, or both, and the keystores that hold
/// the service key's identity.
struct RenewalScope: Sendable {
  /// The service key that was named.
  let serviceKey: ServiceKeySettings?
  /// The keystore that was named.
  let keystore: KeystoreSettings?
  /// Those entries, for a plan of them alone.
  let configuration: Configuration
  private let endpoints: Set<String>

  /// - Returns: nil when neither a service key nor a keystore has this name.
  init?(_ name: String, in configuration: Configuration) {
    let serviceKey = configuration.serviceKey(named: name)
    let keystore = configuration.keystore(named: name)
    guard serviceKey != nil || keystore != nil else { return nil }
    let source = serviceKey.map { IdentitySource.serviceKey($0.name) }
    let keystores = configuration.keystores.filter { settings in
      settings.name == keystore?.name || (source != nil && settings.identity == source)
    }
    self.serviceKey = serviceKey
    self.keystore = keystore
    endpoints = Set(keystore?.trust.endpoints ?? [])
    self.configuration = Configuration(
      defaults: configuration.defaults, serviceKeys: serviceKey.map { [$0] } ?? [], keystores: keystores)
  }

  /// Whether `work` belongs to it.
  func covers(_ work: Work, hooks: [HookState]) -> Bool {
    switch work {
    case .probe(let endpoint): endpoints.contains(endpoint)
    case .readServiceKey(let name): serviceKey?.name == name
    case .readIdentityFiles(let name), .renewSelfSigned(let name), .adopt(let name), .write(let name):
      holds(keystore: name)
    case .runHook(let id): hooks.contains { $0.id == id && holds(keystore: $0.keystore) }
    // Of a key on the platform its own progress tells when it is over; what it does later, nobody waits for.
    // Nobody waits for the end of a patience that may be a day.
    case .tendServiceKey, .confirm, .alert, .withdrawAlert: false
    }
  }

  /// Whether an event of `subject` belongs to it.
  func covers(_ subject: LedgerSubject) -> Bool {
    subject == serviceKey.map { LedgerSubject(.serviceKey, $0.name) }
      || configuration.keystores.contains { LedgerSubject(.keystore, $0.name) == subject }
      || endpoints.contains { LedgerSubject(.endpoint, $0) == subject }
  }

  /// What is done at once when it is renewed now, due or not.
  var atOnce: [Work] {
    var works: [Work] = endpoints.map { .probe(endpoint: $0) }
    switch keystore?.identity {
    case .selfSigned: works += keystore.map { [.renewSelfSigned(keystore: $0.name)] } ?? []
    case .pem: works += keystore.map { [.readIdentityFiles(keystore: $0.name)] } ?? []
    case .serviceKey, nil: break
    }
    return works
  }

  private func holds(keystore name: String) -> Bool { configuration.keystores.contains { $0.name == name } }
}
