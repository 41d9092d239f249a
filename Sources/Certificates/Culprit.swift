// SPDX-License-Identifier: Apache-2.0

/// Who is at fault for a failure: every failure that an operator sees names one.
package enum Culprit: String, CaseIterable, Codable, Hashable, Sendable {
  /// Something that the operator wrote.
  case configuration
  /// The TLS server of an endpoint.
  case server
  /// What lies between: name look-up, routes, proxies.
  case network
  /// The SAP platform's own interfaces.
  case platform
  /// This machine: disk, permissions, limits.
  case host
  /// A mistake of this program.
  case certrotd
}
