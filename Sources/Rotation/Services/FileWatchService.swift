// SPDX-License-Identifier: Apache-2.0

package import Host
import Logging
import Planning
import ServiceLifecycle
import Settings
import SystemPackage

/// Notices at once when a file that the configuration names changes.
package struct FileWatchService: Service {
  private let context: RotationContext
  private let watcher: FileWatcher
  private let refresher: FileRefresher

  package init(context: RotationContext, watcher: FileWatcher, refresher: FileRefresher) {
    self.context = context
    self.watcher = watcher
    self.refresher = refresher
  }

  package func run() async throws {
    for try await path in watcher.cancelOnGracefulShutdown() {
      context.logger.debug("a watched file changed", metadata: ["path": .string(path.string)])
      try await refresher.changed(path)
    }
  }
}
