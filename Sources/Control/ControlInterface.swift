// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The methods of certrotd's interface, their parameters, and what they give.
package enum ControlInterface {
  package static let name = "org.certrotd.control"
  /// The interface that each Varlink service has.
  package static let serviceName = "org.varlink.service"

  package enum Method: String, Sendable, CaseIterable {
    case ping = "Ping"
    case status = "Status"
    case renew = "Renew"
    case verify = "Verify"
    case listKeys = "ListKeys"
    case adoptKey = "AdoptKey"
    case reload = "Reload"

    /// With its interface, as a call names it.
    package var qualified: String { "\(ControlInterface.name).\(rawValue)" }

    /// Whether it changes anything or uses a secret, so that only root and the daemon's own user may call it.
    package var acts: Bool {
      switch self {
      case .ping, .status, .listKeys: false
      case .renew, .verify, .adoptKey, .reload: true
      }
    }
  }

  package struct Name: Codable, Sendable, Equatable {
    package let name: String
    package init(name: String) { self.name = name }
  }

  package struct RenewParameters: Codable, Sendable, Equatable {
    package let name: String
    package let now: Bool?

    package init(name: String, now: Bool?) {
      self.name = name
      self.now = now
    }
  }

  package struct KeyName: Codable, Sendable, Equatable {
    package let name: String
    package let guid: String
    package let force: Bool?

    package init(name: String, guid: String, force: Bool? = nil) {
      self.name = name
      self.guid = guid
      self.force = force
    }
  }

  package struct Pong: Codable, Sendable, Equatable {
    package let version: String
    package let now: Date

    package init(version: String, now: Date) {
      self.version = version
      self.now = now
    }
  }

  package struct StatusReply: Codable, Sendable, Equatable {
    package let now: Date
    package let subjects: [ControlSubject]

    package init(now: Date, subjects: [ControlSubject]) {
      self.now = now
      self.subjects = subjects
    }
  }

  /// Each reply but the last has a step, the last one the outcome.
  package struct RenewReply: Codable, Sendable, Equatable {
    package let step: ControlStep?
    package let outcome: ControlOutcome?

    package init(step: ControlStep? = nil, outcome: ControlOutcome? = nil) {
      self.step = step
      self.outcome = outcome
    }
  }

  package struct KeysReply: Codable, Sendable, Equatable {
    package let keys: [ControlKey]
    package init(keys: [ControlKey]) { self.keys = keys }
  }

  package struct KeyReply: Codable, Sendable, Equatable {
    package let key: ControlKey
    package init(key: ControlKey) { self.key = key }
  }

  package struct ReloadReply: Codable, Sendable, Equatable {
    /// Whether the files as they are now are in force.
    package let inForce: Bool
    /// Each as `file:line:column: error: …`; some may be left out.
    package let mistakes: [String]

    package init(inForce: Bool, mistakes: [String]) {
      self.inForce = inForce
      self.mistakes = mistakes
    }
  }
}
