// SPDX-License-Identifier: Apache-2.0

import Control
import Host
import Logging
import ServiceLifecycle
import SystemPackage

/// Listens on the control socket for as long as the daemon runs.
///
/// The daemon also works without it: where it cannot listen it says so, and goes on.
struct ControlService: Service {
  let desk: ControlDesk
  var limits = ControlLimits()

  func run() async throws {
    let server: ControlServer
    do {
      server = try listen()
    } catch {
      desk.context.logger.error(
        "certrotd renew and its like will not work, since the control socket cannot be opened: \(error)")
      return try await gracefulShutdown()
    }
    await cancelWhenGracefulShutdown { await server.run() }
  }

  /// Begins to listen at the place that the layout names.
  func listen() throws(SystemError) -> ControlServer {
    let context = desk.context
    let folder = context.layout.runtime
    if try context.files.linkStatusIfPresent(of: folder) == nil {
      try context.files.makeDirectory(
        at: folder, mode: [.ownerReadWriteExecute, .groupReadExecute, .otherReadExecute])
    }
    let logger = context.logger
    return try ControlServer(
      path: context.layout.controlSocket, dispatcher: CallDispatcher(actions: desk, version: desk.version),
      access: ControlAccess(ownUser: Privileges.user), limits: limits, report: { logger.warning("\($0)") })
  }
}
