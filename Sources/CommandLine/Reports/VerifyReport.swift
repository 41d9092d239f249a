// SPDX-License-Identifier: Apache-2.0

import Control
import Rotation
import SystemPackage

/// What `certrotd verify` shows: of a keystore, of a service key, or of both that have one name.
struct VerifyReport: Output.Displayable {
  let keystore: KeystoreFindings?
  let serviceKey: ServiceKeyVerdict?

  var isGood: Bool { keystore?.isGood != false && serviceKey?.isGood != false }

  private enum CodingKeys: String, CodingKey {
    case good
    case serviceKey = "service-key"
  }

  /// One object: what concerns the keystore stands beside the verdict on both.
  func encode(to encoder: any Encoder) throws {
    try keystore?.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(isGood, forKey: .good)
    try container.encodeIfPresent(serviceKey, forKey: .serviceKey)
  }

  var text: String {
    [keystore?.text, serviceKey?.text].compactMap(\.self).joined(separator: "\n")
  }
}

/// A keystore's files as they lie on disk.
struct KeystoreFindings: Encodable {
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
  let generation: Int?
  let files: [File]
  /// What is wrong besides the files and the endpoints.
  let faults: [String]
  let endpoints: [Endpoint]
  let isGood: Bool

  private enum CodingKeys: CodingKey {
    case keystore, generation, files, faults, endpoints
  }

  init(keystore: String, _ result: KeystoreVerification.Result) {
    self.keystore = keystore
    generation = result.generation
    files = result.files.map { file in
      File(path: file.path.string, good: file.faults.isEmpty, faults: file.faults, remedy: file.remedy)
    }
    faults = result.faults
    endpoints = result.endpoints.map { Endpoint(name: $0.name, fault: $0.fault) }
    isGood = result.isGood
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
    lines.append(isGood ? "good" : "not good")
    return lines.joined(separator: "\n")
  }
}

/// What the platform says to a service key's identity.
struct ServiceKeyVerdict: Encodable {
  let name: String
  let verdict: String
  let reason: String
  let culprit: String?

  init(_ name: String, _ verdict: ControlVerdict) {
    self.name = name
    self.verdict = verdict.verdict.rawValue
    reason = verdict.reason
    culprit = verdict.culprit
  }

  /// Of one that could not be tried, for the reason that the failure gives.
  init(_ name: String, untried failure: ToldFailure) {
    self.name = name
    verdict = "untried"
    reason = failure.description
    culprit = nil
  }

  var isGood: Bool { verdict == ControlVerdict.Verdict.accepted.rawValue }

  var text: String {
    "service key \(name)\n  \(verdict)\(culprit.map { " (at fault: \($0))" } ?? ""): \(reason)"
  }
}
