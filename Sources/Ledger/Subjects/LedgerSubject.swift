// SPDX-License-Identifier: Apache-2.0

/// One thing that the ledger keeps records of, such as the keystore `xtract-client`.
package struct LedgerSubject: Hashable, Sendable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case endpoint
    case serviceKey = "service-key"
    case keystore
    /// An identity that comes from PEM files, by the name of the keystore that uses it.
    case pem
    /// certrotd itself: its configuration, its ledger.
    case daemon
  }

  package var kind: Kind
  /// The name in the configuration.
  package var name: String

  package init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  /// The daemon itself.
  package static let daemon = LedgerSubject(.daemon, "certrotd")
}

extension LedgerSubject: CustomStringConvertible {
  /// For a sentence, such as `keystore xtract-client`.
  package var description: String {
    switch kind {
    case .endpoint: "endpoint \(name)"
    case .serviceKey: "service key \(name)"
    case .keystore: "keystore \(name)"
    case .pem: "PEM identity of keystore \(name)"
    case .daemon: name
    }
  }
}
