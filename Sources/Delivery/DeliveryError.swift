// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import Host
package import SystemPackage

/// Why files could not be put in place, who is at fault, and what to do.
///
/// After a failed `activate` the set that was in force before is in force again, unless `notRestored` says what is not;
/// repeating `activate`, of the new number or the old one, makes whole what a failure or a crash left in between.
package struct DeliveryError: Error, Sendable {
  /// What went wrong.
  package enum Reason: Sendable, Equatable {
    /// A system call failed.
    case system(SystemError)
    /// An item cannot be delivered as it was configured.
    case invalidItem(path: String, why: String)
    /// The generation does not exist.
    case noSuchGeneration(Int)
    /// The generation exists with other contents, and a generation never changes.
    case generationExists(Int)
    /// The list of what belongs to the generation cannot be understood.
    case manifestUnreadable(FilePath, why: String)
    /// A file of the generation is missing or not what was written, so that it must not be put in force.
    case damaged(FilePath)
    /// A file of the generation is not as it was delivered, though its bytes are, and could not be made so; without an error
    /// nothing kept it from being made so, and it did not last.
    case notMended(Damage, SystemError?)
  }

  package let reason: Reason
  /// What could not be put back after the failure; empty when the old set is in force again.
  package internal(set) var notRestored: [SystemError] = []

  package init(_ reason: Reason) { self.reason = reason }

  init(_ error: SystemError) { self.init(.system(error)) }

  /// Who is at fault.
  package var culprit: Culprit {
    switch reason {
    case .invalidItem: .configuration
    case .noSuchGeneration, .generationExists: .certrotd
    case .manifestUnreadable, .damaged, .notMended: .host
    case .system(let error):
      switch error.errno {
      // A path that cannot be. What this host does not permit is its own matter: a permission, a mount, a unit.
      case .noSuchFileOrDirectory, .notDirectory, .isDirectory, .tooManySymbolicLinkLevels, .fileNameTooLong:
        .configuration
      case .invalidArgument where error.call != "renameat2", .badFileDescriptor: .certrotd
      default: .host
      }
    }
  }
}

extension DeliveryError {
  /// Whether a file could not be given to its owner or group (chown(2)).
  package var isForeignAccount: Bool {
    if case .system(let error) = reason { error.call == "fchown" && error.errno == .notPermitted } else { false }
  }
}

extension DeliveryError: CustomStringConvertible {
  /// One or more sentences for the operator, the last without a full stop: what failed, on which path, why, and what to do.
  package var description: String {
    let sentence =
      switch reason {
      case .system(let error): "\(error). \(Self.advice(for: error))"
      case .invalidItem(let path, let why): path.isEmpty ? why : "\(path): \(why)"
      case .noSuchGeneration(let number):
        "the files of generation \(number) are not there"
      case .generationExists(let number): "generation \(number) exists already with other contents"
      case .manifestUnreadable(let path, let why):
        "\(path): \(why). The generation cannot be used any more; a running daemon writes its content anew"
      case .notMended(let damage, let error):
        "\(damage), and that could not be put right\(error.map { " (\($0))" } ?? ""), so that its generation cannot be put in force"
      case .damaged(let path):
        "\(path) is missing or not what was written there, so that its generation cannot be put in force"
      }
    guard !notRestored.isEmpty else { return sentence }
    return "\(sentence). Putting the files back that were in force before failed too: "
      + notRestored.map(\.description).joined(separator: "; ")
  }

  private static func advice(for error: SystemError) -> String {
    let folder = error.path?.removingLastComponent().string ?? "the folder"
    let path = error.path?.string ?? "the path"
    return switch error.errno {
    case .notPermitted where error.call == "fchown":
      "To give files to a group, make the service's user a member of it; to give them to another user, add "
        + "AmbientCapabilities=CAP_CHOWN with a drop-in (systemctl edit certrotd)"
    case .permissionDenied, .notPermitted:
      "Give the service's user permission on \(error.call == "access" ? path : folder), and, if it lies outside the "
        + "service's own folders, add ReadWritePaths= for it with a drop-in (systemctl edit certrotd)"
    case .readOnlyFileSystem:
      "The service may write only where its unit allows it: add ReadWritePaths=\(error.call == "access" ? path : folder) "
        + "with a drop-in (systemctl edit certrotd)"
    case .noSpace, Errno.diskQuotaExceeded: "Make room on the file system of \(path)"
    case .noSuchFileOrDirectory: "Create the folder, or correct the path in the configuration"
    case .notDirectory, .isDirectory, .directoryNotEmpty, .fileExists:
      "Something else stands at that path: move it away, or correct the path in the configuration"
    case .tooManySymbolicLinkLevels: "Write the path in the configuration without that symbolic link"
    case .fileNameTooLong: "Shorten the path in the configuration"
    case .tooManyOpenFiles:
      "Let the service open more files: add LimitNOFILE= with a drop-in (systemctl edit certrotd)"
    case .ioError: "Check the disk of \(path)"
    case .invalidArgument where error.call == "renameat2", .noFunction where error.call == "renameat2":
      "That file system cannot swap two names, which replacing a folder needs: choose a folder on another one"
    default: "Repair that; certrotd tries again"
    }
  }
}
