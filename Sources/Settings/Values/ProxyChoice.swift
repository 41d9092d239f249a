// SPDX-License-Identifier: Apache-2.0

/// What the configuration says of a proxy.
package enum ProxyChoice: Sendable, Hashable {
  /// Nothing: requests to platforms go by the environment, probes of endpoints directly.
  case environment
  /// `none`.
  case direct
  case through(ProxySetting)

  /// The proxy that the configuration names; nil when it names none.
  package var setting: ProxySetting? {
    if case .through(let setting) = self { setting } else { nil }
  }
}
