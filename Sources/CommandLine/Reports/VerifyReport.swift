// SPDX-License-Identifier: Apache-2.0

import Rotation
import SystemPackage

/// What `certrotd verify` shows.
struct VerifyReport: Output.Displayable {
  struct File: Encodable {
    let path: String
    let good: Bool
    let faults: [String]
    /// What to do, where the cause tells.
    let remedy: String?
  }

  struct Endpoint: Encodable {
    let name: String
    let fault: String?
  }

  let keystore: String
  let good: Bool
  let generation: Int?
  let files: [File]
  /// What is wrong besides the files and the endpoints.
  let faults: [String]
  let endpoints: [Endpoint]

  init(keystore: String, _ result: KeystoreVerification.Result) {
    self.keystore = keystore
    generation = result.generation
    files = result.files.map { file in
      File(path: file.path.string, good: file.faults.isEmpty, faults: file.faults, remedy: file.remedy)
    }
    faults = result.faults
    endpoints = result.endpoints.map { Endpoint(name: $0.name, fault: $0.fault) }
    good = result.isGood
  }

  var text: String {
    var lines = generation.map { ["keystore \(keystore), generation \($0)"] } ?? ["keystore \(keystore)"]
    for file in files {
      lines.append("  \(file.path): \(file.good ? "good" : "not good")")
      lines += file.faults.map { "    fault: \($0)" }
      if let remedy = file.remedy { lines.append("    what to do: \(remedy)") }
    }
    lines += faults.map { "  fault: \($0)" }
    lines += endpoints.map { endpoint in
      endpoint.fault.map { "  endpoint \(endpoint.name): \($0)" } ?? "  endpoint \(endpoint.name) answers"
    }
    lines.append(good ? "good" : "not good")
    return lines.joined(separator: "\n")
  }
}
