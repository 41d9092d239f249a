// SPDX-License-Identifier: Apache-2.0

package import Settings

/// How a PSE was made that a keystore started from, and who might use it.
///
/// The file that takes its place is made alike, so that its consumers notice no more than new certificates, and its
/// private key is protected no less.
package struct AdoptedForm: Sendable, Hashable {
  package var version: PSEFileSettings.Version
  package var hasPIN: Bool
  /// The number of the user who owned it.
  package var owner: UInt32
  /// The number of its group.
  package var group: UInt32
  /// The permission bits, such as 0o640.
  package var mode: UInt16

  package init(version: PSEFileSettings.Version, hasPIN: Bool, owner: UInt32, group: UInt32, mode: UInt16) {
    self.version = version
    self.hasPIN = hasPIN
    self.owner = owner
    self.group = group
    self.mode = mode
  }
}

extension KeystoreSettings {
  /// The settings with what they leave open: the file that takes the place of an adopted one is made as that was.
  ///
  /// That holds for as long as the keystore remembers where it started, also when `adopt` has left the configuration.
  package func inForce(_ state: KeystoreState) -> KeystoreSettings {
    guard let adoption = state.adoption, let form = adoption.form else { return self }
    var settings = self
    settings.files = files.map { $0.takesThePlace(of: adoption.file) ? $0.made(as: form, pin: adopt?.pin) : $0 }
    return settings
  }

  /// Whether the PIN of an adopted file would be lost, since the configuration neither names it nor does without it.
  func lacksPIN(_ state: KeystoreState) -> Bool {
    guard let adoption = state.adoption, adoption.form?.hasPIN == true else { return false }
    return inForce(state).files.contains { file in
      guard case .pse(let pse) = file.format, file.takesThePlace(of: adoption.file) else { return false }
      return pse.pin == nil && !pse.isWithoutPIN
    }
  }
}

extension FileSettings {
  /// Whether it is a PSE at this path.
  package func takesThePlace(of path: String) -> Bool {
    guard case .pse(let pse) = format, case .absolute(let own) = pse.path else { return false }
    return "\(own)" == path
  }

  fileprivate func made(as form: AdoptedForm, pin: CredentialReference?) -> FileSettings {
    guard case .pse(var pse) = format else { return self }
    pse.version = pse.version ?? (pse.writer == .native ? form.version : nil)
    if form.hasPIN, !pse.isWithoutPIN { pse.pin = pse.pin ?? pin }
    var file = self
    file.format = .pse(pse)
    file.owner = owner ?? String(form.owner)
    file.group = group ?? String(form.group)
    file.mode = mode ?? form.mode
    return file
  }
}
