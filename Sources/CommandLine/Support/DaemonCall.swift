// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import Rotation

/// Asks the running daemon, and says clearly why when that does not work.
enum DaemonCall {
  /// Connects and lends the connection to `body`.
  ///
  /// - Throws: `ExitCode`, after the reason was printed.
  static func run<Answer>(
    _ options: GlobalOptions, _ body: (ControlClient) async throws -> Answer
  ) async throws -> Answer {
    do {
      return try await body(try ControlClient(path: options.layout.controlSocket))
    } catch let error as ControlClientError {
      Output.complain("\(error)")
      switch error {
      case .noDaemon: throw ExitCode.noDaemon
      case .notAllowed: throw ExitCode.notAllowed
      case .noAnswer, .unknownFault, .unreadable, .tooLong, .system: throw ExitCode.fault
      }
    } catch let fault as Fault {
      Output.complain("\(fault)")
      throw fault == .permissionDenied ? ExitCode.notAllowed : ExitCode.fault
    }
  }
}
