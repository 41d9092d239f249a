// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import Host
package import SystemPackage

/// Why SAP's own tool made no PSE.
package enum SapgenpseError: Error, Sendable {
  /// A command of the tool did not succeed; `printed` is the end of the sentence about it.
  case command(FilePath, command: String, HookOutcome, printed: String)
  /// The tool complained of the PIN, or of the password of the PKCS #12 file, which it names alike.
  case wrongPIN(FilePath, command: String, printed: String)
  /// The tool ended with 0 and the file is not there.
  case noFile(FilePath, command: String, printed: String)
  /// What the tool wrote is no PSE, or not the one that was wanted.
  case unusable(FilePath, reason: String)
  /// The folder through which the tool gets and leaves its files.
  case folder(SystemError)

  /// Who is at fault.
  package var culprit: Culprit {
    switch self {
    case .command(_, _, .couldNotStart, _): .configuration
    case .command, .wrongPIN, .noFile, .unusable, .folder: .host
    }
  }
}

extension SapgenpseError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .command(let program, let command, .timedOut, let printed):
      """
      \(program) \(command) did not end before its deadline and was ended\(printed): it may have waited for input, which \
      it never gets; raise sapgenpse: {deadline: …} if this host is slow
      """
    case .command(let program, _, .couldNotStart(let reason), _):
      "\(program) could not be started: \(reason); name the tool with sapgenpse:, or use writer: native"
    case .command(let program, let command, let outcome, let printed): "\(program) \(command) \(outcome)\(printed)"
    case .wrongPIN(let program, let command, let printed):
      "\(program) \(command) did not accept what it was given\(printed)"
    case .noFile(let program, let command, let printed):
      "\(program) \(command) ended with exit status 0 and left no file\(printed)"
    case .unusable(let program, let reason): "the file that \(program) made is not used: \(reason)"
    case .folder(let error): "the folder for \(error.path.map { "\($0)" } ?? "sapgenpse") cannot be used: \(error)"
    }
  }
}
