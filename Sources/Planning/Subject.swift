// SPDX-License-Identifier: Apache-2.0

/// One named thing of the configuration.
package enum Subject: Sendable, Hashable {
  case endpoint(String)
  case serviceKey(String)
  case keystore(String)

  package var name: String {
    switch self {
    case .endpoint(let name), .serviceKey(let name), .keystore(let name): name
    }
  }

  /// "endpoint", "service key" or "keystore".
  package var kind: String {
    switch self {
    case .endpoint: "endpoint"
    case .serviceKey: "service key"
    case .keystore: "keystore"
    }
  }
}

extension Subject: CustomStringConvertible {
  package var description: String { "\(kind) \(name)" }
}

extension Subject: Comparable {
  package static func < (left: Subject, right: Subject) -> Bool {
    (left.kind, left.name) < (right.kind, right.name)
  }
}
