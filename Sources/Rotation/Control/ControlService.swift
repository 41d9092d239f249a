// SPDX-License-Identifier: Apache-2.0

import Control
import Host
import Logging
import ServiceLifecycle
import SystemPackage

/// Listens on the control socket for as long as the daemon runs.
///
/// The daemon also works without it: where it cannot listen it says so once, goes on, and tries again.
struct ControlService: Service {
  let desk: ControlDesk
  var limits = ControlLimits()

  func run() async throws {
    await cancelWhenGracefulShutdown { await serve() }
  }

  private func serve() async {
    var isTold = false
    while !Task.isCancelled {
      do {
        return await (try listen()).run()
      } catch {
        if !isTold {
          desk.context.logger.error(
            "certrotd renew and its like will not work, since the control socket cannot be opened: \(error)")
        }
        isTold = true
      }
      do {
        try await Task.sleep(for: limits.inspection)
      } catch {
        // The loop sees the cancellation itself.
        return
      }
    }
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
