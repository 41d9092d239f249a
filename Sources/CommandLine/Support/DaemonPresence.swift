// SPDX-License-Identifier: Apache-2.0

import Control
import Host
import Rotation

/// Whether a daemon works on the state, as far as this account can tell; the words occur in `--json` output.
enum DaemonPresence: String, Encodable, Sendable {
  case running
  /// Nobody renews, fetches or alerts.
  case stopped
  case unknown

  /// Looks for the daemon of `layout`: by its control socket, or where nobody listens by the lock that it holds.
  static func look(_ layout: StateLayout) -> DaemonPresence {
    do throws(ControlClientError) {
      _ = try ControlClient(path: layout.controlSocket)
      return .running
    } catch {
      // A daemon that cannot open its socket works all the same.
    }
    do throws(SystemError) {
      guard let lock = try FileLock.acquire(onFolder: layout.root, within: .zero) else { return .running }
      lock.release()
      return .stopped
    } catch {
      return .unknown
    }
  }
}
