// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// A thread of our own, for work that blocks in C or turns a loop of its own: Swift's pool must never block.
@safe
package final class WorkerThread: Sendable {
  // Written once in `init`; pthread_t is an opaque number that any thread may join by.
  private let handle: pthread_t

  /// Starts a thread that runs `body` once, with every signal blocked: signals are for those who wait for them.
  ///
  /// - Parameters:
  ///   - name: What debuggers and /proc show; the kernel keeps the first 15 bytes.
  ///   - stackSize: In bytes. OpenSSL handshakes and getaddrinfo(3) both get by with far less than the default.
  ///   - body: What the thread does.
  /// - Throws: `SystemError` when the host gives no more threads.
  package init(
    name: String, stackSize: Int = 512 * 1024, body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    var attributes = CLinux_pthread_attr()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, stackSize)
    let start = unsafe Unmanaged.passRetained(Start(body: body))
    var handle = pthread_t()
    var everything = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&everything)
    // A thread inherits the signal mask of the one that makes it (pthread_sigmask(3)).
    unsafe pthread_sigmask(SIG_SETMASK, &everything, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    let status = unsafe pthread_create(
      &handle, &attributes,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
        }
        return nil
      }, unsafe start.toOpaque())
    guard status == 0 else {
      unsafe start.release()
      throw SystemError(call: "pthread_create", errno: Errno(rawValue: status))
    }
    // The name helps whoever debugs; nothing depends on it.
    _ = unsafe CLinux_pthread_setname_np(handle, String(decoding: Array(name.utf8.prefix(15)), as: UTF8.self))
    self.handle = handle
  }

  /// Waits until the thread has ended; once only, and never from the thread itself.
  package func join() {
    _ = pthread_join(handle, nil)
  }

  /// Lets the thread's remains be freed as soon as it ends, for one that nobody joins.
  package func detach() {
    pthread_detach(handle)
  }

  private final class Start: Sendable {
    let body: @Sendable () -> Void
    init(body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
