// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Accounts with their groups (getpwnam_r(3), getgrouplist(3)).
extension Accounts {
  /// The account of this name; nil when there is none.
  package static func account(named name: String) throws(SystemError) -> Account? {
    let entry = try unsafe look(name, call: "getpwnam_r") { buffer, room in
      var record = unsafe passwd()
      var found: UnsafeMutablePointer<passwd>?
      let code = unsafe getpwnam_r(name, &record, buffer, room, &found)
      return unsafe (code, found.map { unsafe Entry($0.pointee) })
    }
    return entry.map(account)
  }

  /// The account that this process works as: the one of its effective user, or its bare number.
  package static func current() throws(SystemError) -> Account {
    let user = geteuid()
    let entry = try unsafe look("\(user)", call: "getpwuid_r") { buffer, room in
      var record = unsafe passwd()
      var found: UnsafeMutablePointer<passwd>?
      let code = unsafe getpwuid_r(user, &record, buffer, room, &found)
      return unsafe (code, found.map { unsafe Entry($0.pointee) })
    }
    return entry.map(account) ?? Account(name: "\(user)", user: user, group: getegid(), groups: [getegid()])
  }

  /// The name of a group, or its number where it has none.
  package static func groupName(_ number: UInt32) throws(SystemError) -> String {
    let name = try unsafe look("\(number)", call: "getgrgid_r") { buffer, room in
      var record = unsafe group()
      var found: UnsafeMutablePointer<group>?
      let code = unsafe getgrgid_r(number, &record, buffer, room, &found)
      return unsafe (code, found.map { unsafe String(cString: $0.pointee.gr_name) })
    }
    return name ?? "\(number)"
  }

  private struct Entry {
    let name: String
    let user: UInt32
    let group: UInt32

    init(_ record: passwd) {
      name = unsafe String(cString: record.pw_name)
      user = unsafe record.pw_uid
      group = unsafe record.pw_gid
    }
  }

  private static func account(_ entry: Entry) -> Account {
    Account(name: entry.name, user: entry.user, group: entry.group, groups: groups(of: entry))
  }

  private static func groups(of entry: Entry) -> [UInt32] {
    var room: CInt = 32
    while true {
      var groups = [gid_t](repeating: entry.group, count: Int(room))
      var count = room
      if unsafe getgrouplist(entry.name, entry.group, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
      room = max(count, room * 2)
    }
  }
}
