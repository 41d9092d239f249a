// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Holds threads until it is opened, once and for all.
final class Gate: Sendable {
  private let group = DispatchGroup()
  private let isOpen = Mutex(false)

  init() { group.enter() }

  func open() {
    let isFirst = isOpen.withLock { isOpen in
      defer { isOpen = true }
      return !isOpen
    }
    if isFirst { group.leave() }
  }

  func wait() { group.wait() }
}
