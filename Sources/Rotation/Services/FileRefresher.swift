// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Host
import Planning
import Settings
package import SystemPackage

/// Makes due whatever depends on a file that changed.
package struct FileRefresher: Sendable {
  private let context: RotationContext
  private let knowledge: KnowledgeReader
  private let anchors: AnchorLibrary
  private let trustKeeper: TrustKeeper
  private let passwords: PasswordReviewer
  private let bell: Bell

  package init(
    context: RotationContext, knowledge: KnowledgeReader, anchors: AnchorLibrary, trustKeeper: TrustKeeper,
    passwords: PasswordReviewer, bell: Bell
  ) {
    self.context = context
    self.knowledge = knowledge
    self.anchors = anchors
    self.trustKeeper = trustKeeper
    self.passwords = passwords
    self.bell = bell
  }

  /// What names `path` is read or probed again at once.
  ///
  /// - Throws: `LedgerError`.
  package func changed(_ path: FilePath) async throws {
    let configuration = await context.landscape.configuration
    let isSystemStore = path == anchors.systemStore
    let endpoints = configuration.endpoints
      .filter { $0.anchors == .bundle(path) || isSystemStore && $0.anchors == .system }.map(\.name)
    let serviceKeys = configuration.serviceKeys.filter {
      $0.source.file == path || $0.source.file != nil && $0.passphrase == .file(path)
    }.map(\.name)
    // Each attempt may make a key on the platform: a file that only was touched is no reason for one.
    let renewed = configuration.serviceKeys.filter { $0.source.platformKey != nil && $0.takesCredential(from: path) }
      .map(\.name)
    let hasChanged = !renewed.isEmpty && context.credentials.hasChanged(path)
    let keystores = configuration.keystores.filter { $0.identity?.names(path) == true }.map(\.name)
    let protected = configuration.keystores.filter { $0.takesPassword(from: path) }
    let adopting = configuration.keystores.filter { $0.adopt != nil }.map(\.name)
    let isTrusted = configuration.keystores.contains { $0.trust.bundles.contains(path) }
    if isSystemStore || !endpoints.isEmpty { await anchors.reload() }
    let bundles = isTrusted ? knowledge.bundles(of: configuration) : nil
    let mayComplete = isTrusted || isSystemStore || !endpoints.isEmpty
    let now = context.clock.now()
    var works = endpoints.map { Work.probe(endpoint: $0) }
    works += serviceKeys.map { Work.readServiceKey($0) }
    works += keystores.map { Work.readIdentityFiles(keystore: $0) }
    await context.landscape.release(works, because: "\(path) changed")
    try await passwords.review(protected)
    await context.landscape.update { inventory in
      // A write may have failed for want of the credential.
      for keystore in protected { inventory.keystores[keystore.name]?.writing.hasten(to: now) }
      // A renewal may have failed for want of the login.
      for name in renewed where hasChanged { inventory.serviceKeys[name]?.hastenRenewal(to: now) }
      // A PSE may not have been taken over for want of its PIN, or of an issuer that any bundle may hold.
      for name in adopting { inventory.keystores[name]?.adoptionSchedule.hasten(to: now) }
      if let bundles { inventory.take(bundles) }
      // An identity may have been rejected for want of an issuer.
      if mayComplete { inventory.hastenIdentities(to: now) }
    }
    for keystore in configuration.keystores where keystore.trust.bundles.contains(path) {
      try await trustKeeper.settle(keystore)
    }
    bell.ring()
  }

  /// Reads the bundles and the system's trust store again and looks at the delivered files, in case a change went unnoticed.
  ///
  /// Whether they still do, with their passwords and for their endpoints, takes long, and is what ``DeliveredReview`` does.
  ///
  /// - Throws: `LedgerError`.
  package func refresh() async throws {
    await anchors.reload()
    let configuration = await context.landscape.configuration
    let bundles = knowledge.bundles(of: configuration)
    let now = context.clock.now()
    await context.landscape.update { inventory in
      inventory.take(bundles)
      inventory.hastenIdentities(to: now)
    }
    for (name, current) in await context.landscape.inventory.keystores.compactMapValues(\.current) {
      let damage = knowledge.damage(of: current.number, keystore: name)
      await context.landscape.update { inventory in
        // What was written meanwhile is another generation.
        guard inventory.keystores[name]?.current?.number == current.number else { return }
        inventory.keystores[name]?.damage = damage
      }
    }
    for keystore in configuration.keystores where !keystore.trust.bundles.isEmpty {
      try await trustKeeper.settle(keystore)
    }
  }
}

extension Inventory {
  /// Takes over what a reading of the bundles found; of one that could not be read, what it held before stays known.
  fileprivate mutating func take(_ reading: BundleReading) {
    bundles.merge(reading.certificates) { _, new in new }
    bundleFaults = reading.faults
  }

  /// Makes due what failed when identities were last read.
  fileprivate mutating func hastenIdentities(to now: Date) {
    for name in serviceKeys.keys { serviceKeys[name]?.schedule.hasten(to: now) }
    for name in keystores.keys { keystores[name]?.identitySchedule.hasten(to: now) }
  }
}

extension Schedule {
  /// Makes the next attempt due now, whatever was planned.
  mutating func release(because reason: String) { self = released(reason: reason) }

  /// Makes the next attempt due at `now`, if the last one failed.
  mutating func hasten(to now: Date) { self = hastened(to: now) }
}

extension SourceState {
  /// Makes the next attempt on the platform due at `now`, if the last one failed and no pause between keys lasts.
  mutating func hastenRenewal(to now: Date) {
    schedule.hasten(to: now)
    rotation = rotation?.hastened(now: now)
  }
}

extension ServiceKeySettings {
  /// Whether what it takes to log in, to get through the proxy or to read the private key stands in `path`.
  func takesCredential(from path: FilePath) -> Bool {
    ([passphrase, proxy.setting?.credential] + source.credentials).contains(.file(path))
  }
}

extension KeystoreSettings {
  /// Whether a file's password stands in `path`.
  func takesPassword(from path: FilePath) -> Bool {
    adopt?.pin == .file(path) || files.contains { $0.format.password == .file(path) }
  }
}

extension IdentitySource {
  /// Whether the identity is read from `path`.
  func names(_ path: FilePath) -> Bool {
    guard case .pem(let files) = self else { return false }
    return files.certificate == path || files.key == path || files.passphrase == .file(path)
  }
}
