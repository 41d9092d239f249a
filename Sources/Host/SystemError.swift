// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// A system call that failed: which one, on which path, and the kernel's reason (errno(3)).
package struct SystemError: Error, Equatable, Sendable {
  /// The call by its name in section 2 of the manual, such as `open`.
  package var call: String
  /// The path the call was made for, when there is one.
  package var path: FilePath?
  /// The kernel's reason.
  package var errno: Errno
  /// What the number alone does not say, such as the limit that was passed.
  package var detail: String?

  package init(call: String, path: FilePath? = nil, errno: Errno, detail: String? = nil) {
    self.call = call
    self.path = path
    self.errno = errno
    self.detail = detail
  }

  /// The error that `call` has just left in this thread's `errno`.
  package static func last(_ call: String, _ path: FilePath? = nil) -> SystemError {
    SystemError(call: call, path: path, errno: Errno(rawValue: Glibc.errno))
  }
}

extension SystemError: CustomStringConvertible {
  /// One line such as `open /x/y: Permission denied (EACCES)`.
  package var description: String {
    "\(call)\(path.map { " \($0)" } ?? ""): \(errno.description) (\(errno.symbol))\(detail.map { ", \($0)" } ?? "")"
  }
}

extension Errno {
  /// The name that errno(3) gives the number, such as `EACCES`, or `errno 999` for one it does not know.
  package var symbol: String {
    guard let name = unsafe CLinux_strerrorname_np(rawValue) else { return "errno \(rawValue)" }
    return unsafe String(cString: name)
  }
}
