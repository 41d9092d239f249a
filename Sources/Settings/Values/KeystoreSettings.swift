// SPDX-License-Identifier: Apache-2.0

/// One entry of `keystores`: a configured output.
package struct KeystoreSettings: Sendable, Equatable {
  package var name: String
  /// Nil for a keystore that only trusts.
  package var identity: IdentitySource?
  /// Whether `identity: none` says so, rather than nothing: then an identity that was taken over once does not stay either.
  package var refusesIdentity: Bool
  /// The PSE that the keystore starts from; nil for one that starts from nothing.
  package var adopt: AdoptionSettings?
  package var trust: TrustSettings
  /// How long an old trust anchor stays beside the new one.
  package var overlap: Duration
  package var files: [FileSettings]
  /// Programs to run after the files changed, in this order.
  package var afterChange: [HookSettings]
  /// What is tried once the files are in force; nil for nothing.
  package var confirm: ConfirmSettings?
  package var renewBefore: RenewBefore
  /// Remaining lifetimes at which an alert is raised, longest first.
  package var alertBefore: [Duration]
  /// When its files may change; empty for any time.
  package var changeWindows: [ChangeWindow]
  package var declared: Declaration

  package init(
    name: String, identity: IdentitySource? = nil, refusesIdentity: Bool = false, adopt: AdoptionSettings? = nil,
    trust: TrustSettings = TrustSettings(),
    overlap: Duration = Defaults.trustOverlap, files: [FileSettings], afterChange: [HookSettings] = [],
    confirm: ConfirmSettings? = nil, renewBefore: RenewBefore = Defaults.renewBefore,
    alertBefore: [Duration] = Defaults.alertBefore, changeWindows: [ChangeWindow] = [],
    declared: Declaration = .nowhere
  ) {
    self.name = name
    self.identity = identity
    self.refusesIdentity = refusesIdentity
    self.adopt = adopt
    self.trust = trust
    self.overlap = overlap
    self.files = files
    self.afterChange = afterChange
    self.confirm = confirm
    self.renewBefore = renewBefore
    self.alertBefore = alertBefore
    self.changeWindows = changeWindows
    self.declared = declared
  }
}
