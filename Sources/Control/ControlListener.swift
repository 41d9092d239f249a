// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

/// The socket that a server listens on, and the file by which clients reach it.
final class ControlListener: Sendable {
  /// What a client finds at the path.
  enum Place: Sendable, Equatable {
    case own
    case missing
    /// Another server's socket, or something else.
    case foreign
  }

  let socket: StreamSocket
  private let path: FilePath
  private let device: UInt64
  private let inode: UInt64

  /// Begins to listen, in the place of what a server that is gone left there.
  ///
  /// - Parameters:
  ///   - path: of the socket; its folder exists.
  ///   - backlog: how many connections wait to be accepted.
  /// - Throws: `SystemError`; `EADDRINUSE` while another server listens there.
  init(at path: FilePath, backlog: Int32) throws(SystemError) {
    try Self.checkAbandoned(path)
    self.path = path
    socket = try LocalSocket.listening(at: path, mode: [.ownerReadWrite, .groupReadWrite], backlog: backlog)
    let status = try HostFiles().linkStatus(of: path)
    (device, inode) = (status.device, status.inode)
  }

  /// - Throws: `SystemError` when the path cannot be followed.
  func place() throws(SystemError) -> Place {
    guard let status = try HostFiles().linkStatusIfPresent(of: path) else { return .missing }
    return status.device == device && status.inode == inode ? .own : .foreign
  }

  /// Removes the file of the socket, if it is still the one that this listener made.
  func removeOwn() throws(SystemError) {
    guard try place() == .own else { return }
    try LocalSocket.removeIfPresent(path)
  }

  private static func checkAbandoned(_ path: FilePath) throws(SystemError) {
    do throws(SystemError) {
      _ = try LocalSocket.connecting(to: path)
    } catch  where error.errno == .resourceTemporarilyUnavailable {
      // Somebody listens, and has much to do.
    } catch {
      // Whatever else is in the way shows when its place is taken.
      return
    }
    throw SystemError(
      call: "bind", path: path, errno: .addressInUse, detail: "another certrotd listens there; give each its own folder"
    )
  }
}
