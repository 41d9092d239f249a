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
  /// The settings with what they leave open: the file that takes the place of an adopted one is made as that was, and a
  /// PIN protects every PSE.
  ///
  /// That holds for as long as the keystore remembers where it started, also when `adopt` has left the configuration.
  package func inForce(_ state: KeystoreState) -> KeystoreSettings {
    guard let adoption = state.adoption, let form = adoption.form else { return self }
    var settings = self
    settings.files = files.map { file in
      let file = form.hasPIN ? file.protected(by: adopt?.pin) : file
      return file.takesThePlace(of: adoption) ? file.made(as: form) : file
    }
    return settings
  }

  /// The files that would lose the PIN of an adopted one, since the configuration neither names it nor does without it.
  func filesWithoutPIN(_ state: KeystoreState) -> [OutputPath] {
    guard state.adoption?.form?.hasPIN == true else { return [] }
    return inForce(state).files.compactMap { file in
      guard case .pse(let pse) = file.format, pse.pin == nil, !pse.isWithoutPIN else { return nil }
      return pse.path
    }
  }
}

extension FileSettings {
  fileprivate func takesThePlace(of adoption: AdoptionState) -> Bool {
    guard case .pse(let pse) = format, case .absolute(let path) = pse.path else { return false }
    return adoption.isAt(path)
  }

  /// With this PIN, where it is a PSE and nothing else was said of one.
  package func protected(by pin: CredentialReference?) -> FileSettings {
    guard case .pse(var pse) = format, !pse.isWithoutPIN else { return self }
    pse.pin = pse.pin ?? pin
    var file = self
    file.format = .pse(pse)
    return file
  }

  fileprivate func made(as form: AdoptedForm) -> FileSettings {
    guard case .pse(var pse) = format else { return self }
    pse.version = pse.version ?? (pse.writer == .native ? form.version : nil)
    var file = self
    file.format = .pse(pse)
    file.owner = owner ?? String(form.owner)
    file.group = group ?? String(form.group)
    file.mode = mode ?? form.mode
    return file
  }
}
