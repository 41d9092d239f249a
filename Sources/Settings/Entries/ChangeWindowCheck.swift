// SPDX-License-Identifier: Apache-2.0

/// Finds change windows that would make an identity lapse, or that would never be kept.
enum ChangeWindowCheck {
  /// Reports at the keystore's own `change-window`, or at the keystore where it inherits one, if no window is sure to open
  /// between the time that its identity is due and the last tenth, from which on no window counts.
  static func check(_ keystore: KeystoreSettings, _ configuration: Configuration, at field: Field) {
    guard !keystore.changeWindows.isEmpty, let (lifetime, renewBefore) = identity(of: keystore, configuration) else {
      return
    }
    let time = Lifetime.margin(of: lifetime, renewBefore) - Lifetime.lastTenth(of: lifetime)
    let closed = ChangeWindow.longestClosure(of: keystore.changeWindows)
    guard closed + Double(ChangeWindow.shortest * 60) > max(0, time) else { return }
    let words = [lifetime, max(0, time), closed].map { DurationText.describe(.seconds(Int64($0))) }
    let place = field.value(of: "change-window") ?? field
    place.report(
      """
      the identity lives for \(words[0]) and leaves \(words[1]) between renew-before, \(renewBefore), and its last tenth, \
      but the windows of keystore \(keystore.name) may be closed for \(words[2])
      """, hint: "open a window more often, renew earlier, or write 'change-window: none'")
  }

  /// How long the identity lives, in seconds, and when it is renewed; nil where only its maker knows.
  private static func identity(
    of keystore: KeystoreSettings, _ configuration: Configuration
  ) -> (lifetime: Double, renewBefore: RenewBefore)? {
    switch keystore.identity {
    case .selfSigned(let settings): return (settings.validFor / .seconds(1), keystore.renewBefore)
    case .serviceKey(let name):
      guard let serviceKey = configuration.serviceKey(named: name),
        let validity = serviceKey.source.platformKey?.validity
      else { return nil }
      return (validity / .seconds(1), serviceKey.renewBefore)
    case .pem, nil: return nil
    }
  }
}

extension Field {
  /// The value of a key when this is a mapping that has it, without judging anything.
  fileprivate func value(of key: String) -> Field? {
    guard case .mapping(let entries) = node.content else { return nil }
    return entries.first { $0.key == key }.map { child($0.value, key) }
  }
}
