// SPDX-License-Identifier: Apache-2.0

import Rotation

/// What `certrotd verify` shows.
struct VerifyReport: Output.Displayable {
  struct Endpoint: Encodable {
    let name: String
    let fault: String?
  }

  let keystore: String
  let good: Bool
  let generation: Int?
  let faults: [String]
  let endpoints: [Endpoint]

  init(keystore: String, _ result: KeystoreVerification.Result?) {
    self.keystore = keystore
    generation = result?.generation
    faults = result?.faults ?? ["there is no generation yet"]
    endpoints = result?.endpoints.map { Endpoint(name: $0.name, fault: $0.fault) } ?? []
    good = result?.isGood ?? false
  }

  var text: String {
    var lines = generation.map { ["keystore \(keystore), generation \($0)"] } ?? ["keystore \(keystore)"]
    lines += faults.map { "  fault: \($0)" }
    lines += endpoints.map { endpoint in
      endpoint.fault.map { "  endpoint \(endpoint.name): \($0)" } ?? "  endpoint \(endpoint.name) answers"
    }
    lines.append(good ? "good" : "not good")
    return lines.joined(separator: "\n")
  }
}
