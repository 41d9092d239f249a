// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import Rotation

/// Asks the running daemon, and says clearly why when that does not work.
enum DaemonCall {
  /// Connects and lends the connection to `body`.
  ///
  /// - Throws: ``ToldFailure``.
  static func run<Answer>(
    _ options: GlobalOptions, _ body: (ControlClient) async throws -> Answer
  ) async throws -> Answer {
    do {
      return try await body(try ControlClient(path: options.layout.controlSocket))
    } catch let error as ControlClientError {
      switch error {
      case .noDaemon: throw ToldFailure("\(error)", .noDaemon)
      case .notAllowed: throw ToldFailure("\(error)", .notAllowed)
      case .noAnswer, .unknownFault, .unreadable, .tooLong, .system: throw ToldFailure("\(error)")
      }
    } catch let fault as Fault {
      throw ToldFailure("\(fault)", fault == .permissionDenied ? .notAllowed : .fault)
    }
  }
}
