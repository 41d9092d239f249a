// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// A thread of its own, for loops and calls that block, which Swift's own pool must not be given.
package enum HostThread {
  /// Starts a detached thread that runs `body` once; `name` (its first 15 bytes) is what `top -H` shows.
  ///
  /// All signals are blocked in it, so that they reach the threads that expect them (pthread_sigmask(3)).
  package static func start(
    named name: String, _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
    var everything = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&everything)
    // A thread inherits the mask of the one that makes it.
    unsafe pthread_sigmask(SIG_SETMASK, &everything, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument {
          let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
          _ = unsafe CLinux_name_thread(String(start.name.utf8.prefix(15)) ?? "certrotd")
          start.body()
        }
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      unsafe start.release()
      throw SystemError(call: "pthread_create", errno: .init(rawValue: code))
    }
    pthread_detach(thread)
  }

  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
