// SPDX-License-Identifier: Apache-2.0

import Delivery
import Keystores
import Planning
package import SystemPackage

/// What `certrotd verify` says of one file or folder of a keystore.
package struct FileVerdict: Sendable {
  /// Where consumers open it.
  package let path: FilePath
  /// What is wrong, each without the path; empty for a good one.
  package let faults: [String]
  /// What to do about it, where that is known.
  package let remedy: String?
}

extension KeystoreFault {
  /// Whether only newer files help.
  fileprivate var isEnd: Bool {
    if case .expired = self { true } else { false }
  }
}

/// A file or folder as it was found, before its content is judged beside that of the others.
struct ExaminedFile: Sendable {
  /// Why a file is not what it should be, as far as that tells what to do.
  enum Cause: Sendable {
    /// Somebody changed or removed what was delivered.
    case changed
    /// A generation that is being put in place, or was when certrotd was killed, has it already.
    case halfway(Int)
    /// The file and what the generation consists of were removed.
    case lost
    /// The credential holds another password than the file was made with.
    case otherPassword
    /// It has a PIN that the configuration says nothing of.
    case unnamedPIN
    /// The configuration names it, and the generation is from before.
    case notYetWritten
  }

  let path: FilePath
  /// Where its bytes lie.
  let stored: FilePath
  var faults: [String] = []
  var cause: Cause?
  /// nil when it could not be read.
  var content: ReadKeystore?

  /// Whether `path` is this file, or lies in this folder.
  func holds(_ path: FilePath) -> Bool { path.starts(with: stored) }

  func verdict(besides others: [KeystoreFault]) -> FileVerdict {
    let remedy: String? =
      switch cause {
      case .changed:
        "a running daemon puts back what was delivered, at once after systemctl reload certrotd; find out who changes it"
      case .halfway(let generation): KeystoreState.halfway(generation)
      case .lost:
        "a running daemon writes the files anew, at once after systemctl reload certrotd; find out who removed them"
      case .otherPassword:
        """
        a running daemon makes the files anew with the password of now, at once after systemctl reload certrotd; if that \
        password is a mistake, correct the credential
        """
      case .unnamedPIN:
        "write 'pin-credential' there or under 'adopt', or 'pin-credential: none' where the file shall have no PIN"
      case .notYetWritten:
        "“certrotd status” says what the next generation waits for; the daemon must have been reloaded"
      case nil:
        others.contains(where: \.isEnd)
          ? "“certrotd status” says what newer files wait for, and “certrotd plan” when" : nil
      }
    return FileVerdict(path: path, faults: faults + others.map(\.description), remedy: remedy)
  }
}
