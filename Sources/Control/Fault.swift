// SPDX-License-Identifier: Apache-2.0

/// What a call is answered with when it cannot be done: an error of Varlink's own interface, or of ours.
package enum Fault: Error, Sendable, Equatable {
  case interfaceNotFound(String)
  case methodNotFound(String)
  case invalidParameter(String)
  /// The method acts, and the caller is neither root nor the user that the daemon runs as.
  case permissionDenied
  /// The method gives several replies, and the caller did not ask for `more`.
  case expectedMore
  /// Nothing of the configuration that the method is for has this name.
  case noSuchName(String)
  /// It cannot be done, for this reason; `culprit` is who is at fault.
  case refused(reason: String, culprit: String)
  /// The daemon ends; the call may or may not have had its effect, and what was begun goes on after the next start.
  case stopping

  /// The error's name with its interface.
  package var name: String {
    switch self {
    case .interfaceNotFound: "org.varlink.service.InterfaceNotFound"
    case .methodNotFound: "org.varlink.service.MethodNotFound"
    case .invalidParameter: "org.varlink.service.InvalidParameter"
    case .permissionDenied: "org.varlink.service.PermissionDenied"
    case .expectedMore: "org.varlink.service.ExpectedMore"
    case .noSuchName: "\(ControlInterface.name).NoSuchName"
    case .refused: "\(ControlInterface.name).Refused"
    case .stopping: "\(ControlInterface.name).Stopping"
    }
  }

  /// The error's parameters by their names in the interface.
  package var parameters: [String: String] {
    switch self {
    case .interfaceNotFound(let interface): ["interface": interface]
    case .methodNotFound(let method): ["method": method]
    case .invalidParameter(let parameter): ["parameter": parameter]
    case .permissionDenied, .expectedMore, .stopping: [:]
    case .noSuchName(let name): ["name": name]
    case .refused(let reason, let culprit): ["reason": reason, "culprit": culprit]
    }
  }

  /// The error that a reply names; nil for one that this program does not know.
  package init?(name: String, parameters: [String: String]) {
    func text(_ key: String) -> String { parameters[key] ?? "" }
    switch name {
    case "org.varlink.service.InterfaceNotFound": self = .interfaceNotFound(text("interface"))
    case "org.varlink.service.MethodNotFound": self = .methodNotFound(text("method"))
    case "org.varlink.service.InvalidParameter": self = .invalidParameter(text("parameter"))
    case "org.varlink.service.PermissionDenied": self = .permissionDenied
    case "org.varlink.service.ExpectedMore": self = .expectedMore
    case "\(ControlInterface.name).NoSuchName": self = .noSuchName(text("name"))
    case "\(ControlInterface.name).Refused": self = .refused(reason: text("reason"), culprit: text("culprit"))
    case "\(ControlInterface.name).Stopping": self = .stopping
    default: return nil
    }
  }
}

extension Fault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .interfaceNotFound(let interface): "the daemon has no interface \(interface)"
    case .methodNotFound(let method): "the daemon has no method \(method); it may be of another version"
    case .invalidParameter(let parameter): "the parameter \(parameter) is missing or of the wrong kind"
    case .permissionDenied: "only root and the user of the daemon may do this: try it with sudo"
    case .expectedMore: "the method gives several replies, and only one was asked for"
    case .noSuchName(let name):
      "the configuration in force has no entry \(name) that this can be done with: certrotd status lists what it has"
    case .refused(let reason, _): reason
    case .stopping: "the daemon is ending; what was begun goes on after its next start"
    }
  }
}
