// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Something that certrotd can do now.
package enum Work: Sendable, Hashable {
  case probe(endpoint: String)
  case readServiceKey(String)
  /// Take the next step of renewing a key on the platform, or look after the keys there.
  case tendServiceKey(String)
  /// Read the PEM files that are a keystore's identity.
  case readIdentityFiles(keystore: String)
  case renewSelfSigned(keystore: String)
  /// Take over the identity and the trust list of a PSE of others.
  case adopt(keystore: String)
  case write(keystore: String)
  case runHook(id: Int64)
  /// Try the files in force, or bring those before them back.
  case confirm(keystore: String)
  case alert(AlertMark)
  /// Forget that an alert was raised, so that it is raised when its time comes.
  case withdrawAlert(AlertMark)
}

extension Work {
  /// Whether the two must not be done at one time: both may put another generation of one keystore in force.
  package func excludes(_ other: Work) -> Bool {
    switch (self, other) {
    case (.write(let one), .confirm(let another)), (.confirm(let one), .write(let another)): one == another
    default: false
    }
  }
}

/// How hard to try.
package enum Urgency: Int, Sendable, Comparable {
  case routine
  /// Within the last tenth of a lifetime, or past its end.
  case urgent

  package static func < (left: Urgency, right: Urgency) -> Bool { left.rawValue < right.rawValue }
}

/// A piece of work whose time has come.
package struct DueWork: Sendable, Hashable {
  package var work: Work
  /// When it became due; never later than the plan's `now`.
  package var since: Date
  /// When what it renews stops working; if that does not work already, or never did, the same as `since`.
  package var lapsesAt: Date
  package var reason: Reason
  package var urgency: Urgency

  package init(work: Work, since: Date, lapsesAt: Date, reason: Reason, urgency: Urgency = .routine) {
    self.work = work
    self.since = since
    self.lapsesAt = lapsesAt
    self.reason = reason
    self.urgency = urgency
  }
}

/// What is due at one moment, and when to ask again.
package struct Plan: Sendable, Equatable {
  /// Urgent work first, and among equals what lapses first.
  package var due: [DueWork]
  /// The earliest future time at which the answer changes by itself; `nil` if it never does.
  package var next: Date?
  /// When other work becomes due, where that was asked for.
  package var upcoming: [Work: Date]

  package init(due: [DueWork] = [], next: Date? = nil, upcoming: [Work: Date] = [:]) {
    self.due = due
    self.next = next
    self.upcoming = upcoming
  }
}
