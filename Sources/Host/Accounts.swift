// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The users and groups that this host knows (getpwnam_r(3), getgrnam_r(3)).
///
/// A look-up asks the name service and may block on a network; do it where blocking is allowed.
package enum Accounts {
  /// The number of a user, or nil when no user has that name and it is no number itself.
  package static func userID(named name: String) throws(SystemError) -> UInt32? {
    try unsafe number(name, call: "getpwnam_r") { buffer, room in
      var record = unsafe passwd()
      var found: UnsafeMutablePointer<passwd>?
      let code = unsafe getpwnam_r(name, &record, buffer, room, &found)
      return unsafe (code, found?.pointee.pw_uid)
    }
  }

  /// The number of a group, or nil when no group has that name and it is no number itself.
  package static func groupID(named name: String) throws(SystemError) -> UInt32? {
    try unsafe number(name, call: "getgrnam_r") { buffer, room in
      var record = unsafe group()
      var found: UnsafeMutablePointer<group>?
      let code = unsafe getgrnam_r(name, &record, buffer, room, &found)
      return unsafe (code, found?.pointee.gr_gid)
    }
  }

  private static func number(
    _ name: String, call: String,
    lookUp: (UnsafeMutablePointer<CChar>, Int) -> (code: CInt, found: UInt32?)
  ) throws(SystemError) -> UInt32? {
    // A plain number that is nobody's name is taken as such.
    try unsafe look(name, call: call, lookUp) ?? UInt32(name)
  }

  /// What the name service knows, asked with as much room as it needs; nil when it knows nothing.
  static func look<Found>(
    _ what: String, call: String, _ lookUp: (UnsafeMutablePointer<CChar>, Int) -> (code: CInt, found: Found?)
  ) throws(SystemError) -> Found? {
    var room = 1024
    while true {
      let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: room)
      let (code, found) = unsafe lookUp(buffer, room)
      unsafe buffer.deallocate()
      switch code {
      case 0, ENOENT, ESRCH:
        // All three mean "no such name" in one C library or another.
        return found
      case ERANGE where room < roomAtMost:
        room *= 4
      case EINTR:
        continue
      default:
        throw SystemError(call: call, errno: .init(rawValue: code), detail: "looking up “\(what)”")
      }
    }
  }

  // A group with very many members needs this much, in bytes.
  private static var roomAtMost: Int { 4 << 20 }
}
