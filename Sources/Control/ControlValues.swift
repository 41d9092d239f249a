// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// How one endpoint, service key or keystore stands.
package struct ControlSubject: Codable, Sendable, Equatable {
  package var kind: String
  package var name: String
  package var state: String
  package var reason: String
  package var breaks: Date?
  package var breaksWhat: String?
  package var lastAttempt: Date?
  package var lastSuccess: Date?
  package var nextAttempt: Date?
  /// What is done then, a word of `certrotd plan`.
  package var nextWhat: String?
  package var missing: [String]

  package init(
    kind: String, name: String, state: String, reason: String, breaks: Date? = nil, breaksWhat: String? = nil,
    lastAttempt: Date? = nil, lastSuccess: Date? = nil, nextAttempt: Date? = nil, nextWhat: String? = nil,
    missing: [String] = []
  ) {
    self.kind = kind
    self.name = name
    self.state = state
    self.reason = reason
    self.breaks = breaks
    self.breaksWhat = breaksWhat
    self.lastAttempt = lastAttempt
    self.lastSuccess = lastSuccess
    self.nextAttempt = nextAttempt
    self.nextWhat = nextWhat
    self.missing = missing
  }
}

/// One thing that happened while something was renewed.
package struct ControlStep: Codable, Sendable, Equatable {
  package var at: Date
  /// Such as "service key".
  package var kind: String
  package var name: String
  /// The name of the event, if it is one, such as "key.accepted".
  package var event: String?
  package var message: String

  package init(at: Date, kind: String, name: String, event: String?, message: String) {
    self.at = at
    self.kind = kind
    self.name = name
    self.event = event
    self.message = message
  }
}

/// What came of a renewal.
package struct ControlOutcome: Codable, Sendable, Equatable {
  package enum Result: String, Codable, Sendable, CaseIterable {
    /// Something new is in force.
    case renewed
    /// All is well, and there was nothing to renew.
    case unchanged
    /// It failed, or waits for something; the daemon tries again at `nextAttempt`.
    case failed
    /// It goes on; nobody waits for it any longer.
    case underway
  }

  package var result: Result
  /// One sentence.
  package var message: String
  package var nextAttempt: Date?

  package init(result: Result, message: String, nextAttempt: Date? = nil) {
    self.result = result
    self.message = message
    self.nextAttempt = nextAttempt
  }
}

/// What the platform says of the identity of a service key.
package struct ControlVerdict: Codable, Sendable, Equatable {
  package enum Verdict: String, Codable, Sendable, CaseIterable { case accepted, refused, inconclusive }

  package var verdict: Verdict
  package var reason: String
  /// Who is at fault; nil when it was accepted.
  package var culprit: String?

  package init(verdict: Verdict, reason: String, culprit: String? = nil) {
    self.verdict = verdict
    self.reason = reason
    self.culprit = culprit
  }
}

/// One key on the platform.
package struct ControlKey: Codable, Sendable, Equatable {
  package var guid: String
  package var name: String
  /// What the platform says of it, such as "ready".
  package var state: String
  /// "ours", "orphan" for one of ours that nothing uses, "peer" for one of another certrotd, or "other".
  package var owner: String
  /// What it is to certrotd: "in-force", "in-flight" or "retiring"; nil for none of them.
  package var use: String?
  package var created: Date?
  /// The end of its certificate, if certrotd has seen it.
  package var ends: Date?
  /// What else there is to know of it, such as why an orphan stays for now.
  package var reason: String?

  package init(
    guid: String, name: String, state: String, owner: String, use: String? = nil, created: Date? = nil,
    ends: Date? = nil, reason: String? = nil
  ) {
    self.guid = guid
    self.name = name
    self.state = state
    self.owner = owner
    self.use = use
    self.created = created
    self.ends = ends
    self.reason = reason
  }
}
