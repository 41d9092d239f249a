// SPDX-License-Identifier: Apache-2.0

import Planning
import ServiceKeys
import Settings

/// The other service keys of the configuration, as far as they may use keys of the same service instance.
struct KeyNeighbours {
  private var users: [String: String] = [:]
  private var bases: [String: String] = [:]
  private let installation: String

  /// - Parameters:
  ///   - settings: the service key whose neighbours are meant.
  ///   - configuration: as it is in force.
  ///   - inventory: what is known.
  init(of settings: ServiceKeySettings, _ configuration: Configuration, _ inventory: Inventory) {
    installation = PlatformAccess.mark(of: settings, configuration).installation
    for other in configuration.serviceKeys where other.name != settings.name {
      guard other.source.platformKey != nil else { continue }
      let base = PlatformAccess.mark(of: other, configuration).base
      bases[base] = bases[base] ?? other.name
      for known in inventory.serviceKeys[other.name]?.keys ?? []
      where [.inForce, .inFlight, .retiring].contains(known.role) {
        users[known.guid] = other.name
      }
    }
  }

  /// The service key that uses a key of the platform, or that it was made for; nil where there is none.
  func user(of key: PlatformKey) -> String? {
    if let user = users[key.guid] { return user }
    guard let mark = key.mark, mark.installation == installation else { return nil }
    return bases[mark.base]
  }
}
