// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// One event of the kernel's file watching (inotify(7)).
struct InotifyEvent: Sendable, Equatable {
  /// The watch of the folder it happened in; -1 when the queue overflowed.
  let watch: CInt
  /// What happened, in the kernel's bits.
  let mask: UInt32
  /// The name in that folder; nil when it is about the folder itself.
  let name: String?

  /// A name came into being, whose bytes may still have to be written.
  var isCreation: Bool { mask & UInt32(IN_CREATE) != 0 }
  /// Events were lost.
  var isOverflow: Bool { mask & UInt32(IN_Q_OVERFLOW) != 0 }
  /// The watch is no more.
  var isEndOfWatch: Bool { mask & UInt32(IN_IGNORED) != 0 }

  /// What a folder is watched for: its names coming and going, and its files being closed by a writer or given
  /// another mode or owner.
  static let mask = UInt32(
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR)

  /// Takes everything out of the kernel's queue.
  static func readAll(from inotify: borrowing Descriptor) throws(SystemError) -> [InotifyEvent] {
    var events: [InotifyEvent] = []
    // Many events, and in any case one with the longest name.
    var room = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = unsafe read(inotify.rawValue, &room, room.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN { return events }
      guard count > 0 else { throw .last("read") }
      events += parse(room[..<count])
    }
  }

  /// Takes apart `struct inotify_event`: watch, mask, cookie and name length of four bytes each, then the name, padded
  /// with zeros.
  private static func parse(_ bytes: ArraySlice<UInt8>) -> [InotifyEvent] {
    unsafe bytes.withUnsafeBytes { buffer in
      var events: [InotifyEvent] = []
      var start = 0
      while start + headerLength <= buffer.count {
        let nameLength = Int(unsafe buffer.loadUnaligned(fromByteOffset: start + 12, as: UInt32.self))
        let end = min(start + headerLength + nameLength, buffer.count)
        let name = unsafe buffer[(start + headerLength)..<end].prefix { $0 != 0 }
        unsafe events.append(
          InotifyEvent(
            watch: buffer.loadUnaligned(fromByteOffset: start, as: CInt.self),
            mask: buffer.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self),
            name: nameLength == 0 ? nil : String(decoding: name, as: UTF8.self)))
        start = end
      }
      return events
    }
  }

  private static var headerLength: Int { 16 }
}
