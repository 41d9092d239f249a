// SPDX-License-Identifier: Apache-2.0

/// The `defaults` mapping: what entries inherit when they do not say otherwise.
package struct Defaults: Sendable, Equatable {
  /// How often an endpoint's chain is fetched again.
  package var refetchEvery: Duration
  /// Limit for one whole probe of an endpoint, from name look-up to the end of the handshake.
  package var timeout: Duration
  package var renewBefore: RenewBefore
  /// Remaining lifetimes at which an alert is raised, longest first.
  package var alertBefore: [Duration]
  package var proxy: ProxyChoice
  package var noProxy: NoProxyList
  /// How many generations of a keystore are kept, the current one included.
  package var keepGenerations: Int
  /// The name of this installation in the labels of its keys on the platform; nil for the host's name.
  package var installation: String?
  /// When the files of keystores may change; empty for any time.
  package var changeWindows: [ChangeWindow]

  package init(
    refetchEvery: Duration = Self.refetchEvery, timeout: Duration = Self.timeout,
    renewBefore: RenewBefore = Self.renewBefore, alertBefore: [Duration] = Self.alertBefore,
    proxy: ProxyChoice = .environment, noProxy: NoProxyList = NoProxyList(),
    keepGenerations: Int = Self.keepGenerations,
    installation: String? = nil, changeWindows: [ChangeWindow] = []
  ) {
    self.refetchEvery = refetchEvery
    self.timeout = timeout
    self.renewBefore = renewBefore
    self.alertBefore = alertBefore
    self.proxy = proxy
    self.noProxy = noProxy
    self.keepGenerations = keepGenerations
    self.installation = installation
    self.changeWindows = changeWindows
  }
}

/// What holds where no file says anything.
extension Defaults {
  package static let refetchEvery = Duration.seconds(6 * 3600)
  package static let timeout = Duration.seconds(15)
  package static let renewBefore = RenewBefore.fraction(0.33)
  package static let alertBefore = [30, 14, 7, 3, 1].map { Duration.seconds($0 * 86_400) }
  package static let keepGenerations = 5
  /// How long an old trust anchor stays beside the new one.
  package static let trustOverlap = Duration.seconds(30 * 86_400)
  /// How long the old service key stays valid beside the new one.
  package static let serviceKeyOverlap = Duration.seconds(48 * 3600)
  /// How long a new service key that the platform does not accept yet is tried again.
  package static let verifyPatience = Duration.seconds(15 * 60)
  package static let confirmPatience = Duration.seconds(5 * 60)
  package static let hookDeadline = Duration.seconds(60)
  package static let fileMode: UInt16 = 0o640
  /// What every consumer opens.
  package static let pseVersion = PSEFileSettings.Version.two
  package static let selfSignedValidFor = Duration.seconds(825 * 86_400)
}
