// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The points of a run at which a process may die, in the order in which it passes them.
///
/// A run that dies nowhere tells by `passed` which there are. Points are counted from 1 on.
package final class CrashPoints: Sendable {
  private let deadly: Int?
  private let root: String
  private let names = Mutex<[String]>([])

  /// - Parameters:
  ///   - deadly: the number of the point at which this process is killed, as by the kernel; nil: none.
  ///   - root: what is left out of the names of points, so that they are the same in each run.
  package init(dyingAt deadly: Int? = nil, root: String) {
    self.deadly = deadly
    self.root = root
  }

  /// The names of the points that were passed.
  package var passed: [String] { names.withLock(\.self) }

  /// Passes the next point, or dies there.
  package func pass(_ name: String) {
    let number = names.withLock { names in
      names.append(name.replacing(root + "/", with: "").replacing(/\.[0-9A-Fa-f-]{8,}/, with: ".*"))
      return names.count
    }
    if number == deadly { _ = kill(getpid(), SIGKILL) }
  }
}
