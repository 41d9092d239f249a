// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
package import Settings

/// The keystores for whose sake an old key stays on the platform.
package struct KeyHolders: Sendable, Hashable {
  /// Those whose current generation holds it.
  package var holding: [String]
  /// Those whose current generation holds a newer key, of which nobody knows yet whether it works where it is used: a hook
  /// has not succeeded, or nothing has confirmed the files.
  ///
  /// Their programs may still have the old one loaded, and without it the generation before cannot come back.
  package var unproven: [String]

  package init(holding: [String] = [], unproven: [String] = []) {
    self.holding = holding
    self.unproven = unproven
  }

  package var isEmpty: Bool { holding.isEmpty && unproven.isEmpty }

  /// Why the key must not be deleted; nil when no keystore is in the way.
  package var refusal: KeyRemoval.Refusal? {
    if !holding.isEmpty { return .stillUsed(holding) }
    return unproven.isEmpty ? nil : .unproven(unproven)
  }
}

extension PlatformKeyPlanner {
  /// The keystores by the certificates that their files hold now, whatever they shall hold next.
  package static func keystoresByLeaf(_ configuration: Configuration, _ inventory: Inventory) -> [Fingerprint: [String]]
  {
    var found: [Fingerprint: [String]] = [:]
    for keystore in configuration.keystores {
      guard let leaf = inventory.keystores[keystore.name]?.current?.identity?.leaf else { continue }
      found[leaf, default: []].append(keystore.name)
    }
    return found
  }

  /// The keystores for whose sake a key stays.
  ///
  /// - Parameters:
  ///   - key: a key of the service key, in force or not.
  ///   - serviceKey: the service key's name.
  ///   - keystores: what ``keystoresByLeaf(_:_:)`` says, for whoever asks for many keys.
  ///   - configuration: as it is in force.
  ///   - inventory: what is known.
  ///   - now: the wall clock; a certificate that has ended helps nobody whose new one is not proven.
  /// - Returns: those that hold it, and those that may have to go back to it.
  package static func holders(
    of key: PlatformKeyState, _ serviceKey: String, among keystores: [Fingerprint: [String]]? = nil,
    _ configuration: Configuration, _ inventory: Inventory, now: Date
  ) -> KeyHolders {
    let keystores = keystores ?? keystoresByLeaf(configuration, inventory)
    var holders = KeyHolders(holding: key.leaf.flatMap { keystores[$0] } ?? [])
    guard key.role == .retiring, key.notAfter.map({ $0 > now }) ?? true else { return holders }
    holders.unproven = configuration.keystores.filter { keystore in
      keystore.identity == .serviceKey(serviceKey) && !holders.holding.contains(keystore.name)
        && !isProven(keystore, inventory)
    }.map(\.name)
    return holders
  }

  private static func isProven(_ keystore: KeystoreSettings, _ inventory: Inventory) -> Bool {
    guard !inventory.hooks.contains(where: { $0.keystore == keystore.name }) else { return false }
    guard let state = inventory.keystores[keystore.name], let confirmation = keystore.confirmation(in: state) else {
      return true
    }
    return confirmation.isConfirmed
  }
}
