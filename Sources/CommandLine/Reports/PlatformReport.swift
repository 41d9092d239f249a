// SPDX-License-Identifier: Apache-2.0

import Foundation
import Planning

/// What the ledger knows of a service key's keys on the platform, for `certrotd show`.
struct PlatformReport: Encodable {
  struct Key: Encodable {
    let name: String
    let guid: String
    /// in-force, in-flight, retiring or given-up.
    let use: String
    /// The end of its certificate; nil for one that nobody has seen.
    let ends: Date?
    /// When it may be deleted; nil for one that stays.
    let overlapEnds: Date?

    private enum CodingKeys: String, CodingKey {
      case name, guid, use, ends
      case overlapEnds = "overlap-ends"
    }
  }

  /// The replacement that is not finished.
  struct Renewal: Encodable {
    /// The name of its last step.
    let step: String
    let since: Date
    /// The name of the new key, once it has one.
    let key: String?
    let reason: String?
    let nextAttempt: Date?

    private enum CodingKeys: String, CodingKey {
      case step, since, key, reason
      case nextAttempt = "next-attempt"
    }
  }

  struct Login: Encodable {
    let subject: String
    let ends: Date
  }

  let keys: [Key]
  let renewal: Renewal?
  /// The client certificate that certrotd logs in with; nil for another login.
  let login: Login?

  init(_ state: SourceState) {
    keys = state.keys.filter { $0.role != .deleted }.map { key in
      Key(name: key.name, guid: key.guid, use: key.role.word, ends: key.notAfter, overlapEnds: key.overlapEnds)
    }
    renewal = state.rotation.map { rotation in
      Renewal(
        step: rotation.phase, since: rotation.since, key: rotation.newKey?.name ?? rotation.nameInTheMaking,
        reason: rotation.obstacle, nextAttempt: rotation.nextAttempt)
    }
    login = state.login.map { Login(subject: $0.subject, ends: $0.notAfter) }
  }

  /// As lines below the name of the service key.
  func lines(now: Date) -> [String] {
    func moment(_ time: Date) -> String { "\(TimeText.instant(time)), \(StatusReport.distance(time, from: now))" }
    var lines: [String] = []
    if let renewal {
      let key = renewal.key.map { " of \($0)" } ?? ""
      lines.append("  renewal   \(renewal.step)\(key), since \(moment(renewal.since))")
      if let reason = renewal.reason { lines.append("            \(reason)") }
      if let next = renewal.nextAttempt { lines.append("            goes on at \(moment(next))") }
    }
    for key in keys {
      let label = key.use.padding(toLength: 9, withPad: " ", startingAt: 0)
      var parts = ["\(key.name) (\(key.guid))"]
      if let ends = key.ends { parts.append("ends \(moment(ends))") }
      if let overlapEnds = key.overlapEnds { parts.append("may be deleted after \(moment(overlapEnds))") }
      lines.append("  \(label) \(parts.joined(separator: "; "))")
    }
    if let login { lines.append("  login     \(login.subject); ends \(moment(login.ends))") }
    return lines
  }
}

extension PlatformKeyState.Role {
  /// As `certrotd key list` says it.
  fileprivate var word: String {
    switch self {
    case .inFlight: "in-flight"
    case .inForce: "in-force"
    case .retiring: "retiring"
    case .givenUp: "given-up"
    case .deleted: "deleted"
    }
  }
}
