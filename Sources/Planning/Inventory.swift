// SPDX-License-Identifier: Apache-2.0

/// What the ledger and the disk say at one moment: everything that a plan depends on besides the configuration.
///
/// A name that is missing was never seen: its first attempt is due. A name that the configuration does not have is ignored.
package struct Inventory: Sendable {
  /// A random number that is made once per installation; it seeds every jitter.
  package var installation: UInt64
  package var endpoints: [String: EndpointState]
  package var serviceKeys: [String: SourceState]
  package var keystores: [String: KeystoreState]
  /// Hooks that have not yet succeeded.
  package var hooks: [HookState]
  /// Alerts that were raised before.
  package var alerts: Set<AlertMark>
  /// What each trust bundle of the configuration contains now, by its path as text.
  package var bundles: [String: [KnownCertificate]]
  /// Why bundles cannot be read now, by their paths; what they held before stays in `bundles` as long as it is known.
  package var bundleFaults: [String: String] = [:]
  /// What is being done at this moment.
  package var underWay: Set<Work>

  package init(
    installation: UInt64, endpoints: [String: EndpointState] = [:], serviceKeys: [String: SourceState] = [:],
    keystores: [String: KeystoreState] = [:], hooks: [HookState] = [], alerts: Set<AlertMark> = [],
    bundles: [String: [KnownCertificate]] = [:], underWay: Set<Work> = []
  ) {
    self.installation = installation
    self.endpoints = endpoints
    self.serviceKeys = serviceKeys
    self.keystores = keystores
    self.hooks = hooks
    self.alerts = alerts
    self.bundles = bundles
    self.underWay = underWay
  }
}
