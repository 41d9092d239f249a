// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

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
  /// Whose work it is; nil for a hook that is not among `hooks`.
  package func subject(among hooks: [HookState]) -> Subject? {
    switch self {
    case .probe(let name): .endpoint(name)
    case .readServiceKey(let name), .tendServiceKey(let name): .serviceKey(name)
    case .readIdentityFiles(let name), .renewSelfSigned(let name), .adopt(let name), .write(let name),
      .confirm(let name):
      .keystore(name)
    case .runHook(let id): hooks.first { $0.id == id }.map { .keystore($0.keystore) }
    case .alert(let mark), .withdrawAlert(let mark): mark.subject
    }
  }

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

  /// Work that waits for longer than any jitter explains, so that nobody seems to do it; the longest waiting first.
  ///
  /// Alerts are no part of it: what they tell is a state of its own.
  package func overdue(_ configuration: Configuration, now: Date) -> [DueWork] {
    let longest = configuration.endpoints.map(\.refetchEvery).reduce(configuration.defaults.refetchEvery, max)
    let patience = Jitter.spread * Cadence.seconds(longest)
    return due.filter { $0.work.step != nil && now.timeIntervalSince($0.since) > patience }
      .sorted { $0.since < $1.since }
  }
}
