// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings

/// When a key in force may be deleted although there is no other one yet, since its service allows one at a time: from then on
/// whatever uses it fails until the new one is delivered.
enum DeletionWindow {
  /// Waits for a time at which every keystore that holds the key may change, but no longer than to the last tenth of its
  /// lifetime.
  ///
  /// - Parameters:
  ///   - state: what is known of the service key.
  ///   - configuration: as it is in force.
  ///   - inventory: what is known.
  ///   - now: the wall clock.
  /// - Returns: nil where nothing is waited for.
  static func wait(
    _ state: SourceState, _ configuration: Configuration, _ inventory: Inventory, now: Date
  ) -> WindowWait? {
    guard let identity = state.identity else { return nil }
    let holders = configuration.keystores.filter {
      !$0.changeWindows.isEmpty && inventory.keystores[$0.name]?.current?.identity?.leaf == identity.leaf
    }
    let lastTenth = LastTenth.start(notBefore: identity.notBefore, notAfter: identity.notAfter)
    var time = now
    var last: Opening?
    for _ in 0..<mostOpenings {
      guard time < lastTenth, let next = latest(of: holders, after: time) else { break }
      (time, last) = (next.at, next)
    }
    guard let last else { return nil }
    let isTogether = latest(of: holders, after: time) == nil
    guard isTogether, time < lastTenth else {
      let obstacle =
        isTogether
        ? "the window of the keystore \(last.keystore) opens at \(last.window.text(of: last.at))"
        : "the windows of its keystores are not open at one time"
      return WindowWait(
        until: lastTenth,
        sentence: "it waits until the last tenth of its lifetime, \(TimeText.instant(lastTenth)), since \(obstacle)")
    }
    return WindowWait(
      until: time,
      sentence: "it waits for the window of the keystore \(last.keystore), which opens at \(last.window.text(of: time))"
    )
  }

  private struct Opening {
    var keystore: String
    var at: Date
    var window: ChangeWindow
  }

  /// Of those keystores that may not change at `time` the one whose window opens last; nil where each of them may.
  private static func latest(of keystores: [KeystoreSettings], after time: Date) -> Opening? {
    keystores.compactMap { keystore in
      WindowCalendar.nextOpening(of: keystore.changeWindows, after: time).flatMap { next in
        next.at > time ? Opening(keystore: keystore.name, at: next.at, window: next.window) : nil
      }
    }.max { $0.at < $1.at }
  }

  /// Windows that are not open together within so many of them never are, as far as anybody waits for it.
  private static let mostOpenings = 100
}
