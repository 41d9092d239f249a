// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// The file system calls of the running kernel.
package struct LinuxFileCalls: FileCalls {
  package init() {}

  package func open(_ location: FileLocation, for opening: FileOpening) throws(SystemError) -> Descriptor {
    let (flags, mode): (CInt, mode_t) =
      switch opening {
      case .reading: (O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
      case .readingWithoutLink: (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0)
      case .creating: (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0)
      case .folder, .folderWithoutLinks: (O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
      case .place: (CLinux_O_PATH | O_NOFOLLOW, 0)
      case .locking: (O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
      }
    let number = try repeating("open", location.path) {
      unsafe location.name.withPlatformString { name in
        opening == .folderWithoutLinks
          ? unsafe CLinux_open_folder_without_links(location.folder, name)
          : unsafe CLinux_openat(location.folder, name, flags | O_CLOEXEC, mode)
      }
    }
    return Descriptor(takingOwnershipOf: number)
  }

  package func read(
    _ file: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>, at start: Int, path: FilePath
  ) throws(SystemError) -> Int {
    let number = file.rawValue
    return try repeating("read", path) {
      unsafe buffer.withUnsafeMutableBufferPointer {
        let rest = unsafe UnsafeMutableBufferPointer(rebasing: $0[start...])
        return unsafe Glibc.read(number, rest.baseAddress, rest.count)
      }
    }
  }

  package func write(
    _ bytes: Span<UInt8>, to file: borrowing Descriptor, path: FilePath
  ) throws(SystemError) -> Int {
    let number = file.rawValue
    return try repeating("write", path) {
      unsafe bytes.withUnsafeBufferPointer { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
    }
  }

  package func setOwner(
    _ file: borrowing Descriptor, owner: UInt32?, group: UInt32?, path: FilePath
  ) throws(SystemError) {
    // fchown(2): an identifier of -1 stays as it is.
    let number = file.rawValue
    _ = try repeating("fchown", path) { fchown(number, owner ?? .max, group ?? .max) }
  }

  package func setPermissions(
    _ file: borrowing Descriptor, _ mode: FilePermissions, path: FilePath
  ) throws(SystemError) {
    let number = file.rawValue
    _ = try repeating("fchmod", path) { fchmod(number, mode_t(mode.rawValue)) }
  }

  package func synchronize(_ file: borrowing Descriptor, path: FilePath) throws(SystemError) {
    let number = file.rawValue
    _ = try repeating("fsync", path) { fsync(number) }
  }

  package func attributes(_ file: borrowing Descriptor, path: FilePath) throws(SystemError) -> [FileAttribute] {
    let number = file.rawValue
    let names: [UInt8]
    do throws(SystemError) {
      names = try unsafe sized("flistxattr", path) { unsafe flistxattr(number, $0, $1) }
    } catch  where error.errno == .notSupported {
      return []
    }
    var found: [FileAttribute] = []
    for name in names.split(separator: 0) {
      let name = String(decoding: name, as: UTF8.self)
      guard FileAttribute.isKept(name) else { continue }
      let value = try unsafe sized("fgetxattr", path) { unsafe fgetxattr(number, name, $0, $1) }
      found.append(FileAttribute(name: name, value: value))
    }
    return found
  }

  package func setAttribute(
    _ file: borrowing Descriptor, _ attribute: FileAttribute, path: FilePath
  ) throws(SystemError) {
    let number = file.rawValue
    _ = try repeating("fsetxattr", path) {
      unsafe attribute.value.withUnsafeBytes {
        unsafe fsetxattr(number, attribute.name, $0.baseAddress, $0.count, 0)
      }
    }
  }

  /// Calls something that tells the size when it is given no room, until the room is enough.
  private func sized(
    _ call: String, _ path: FilePath, _ body: (UnsafeMutablePointer<CChar>?, Int) -> Int
  ) throws(SystemError) -> [UInt8] {
    while true {
      let size = try repeating(call, path) { body(nil, 0) }
      guard size > 0 else { return [] }
      var room = [CChar](repeating: 0, count: size)
      do throws(SystemError) {
        let filled = try repeating(call, path) {
          unsafe room.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress, $0.count) }
        }
        return room[..<filled].map { UInt8(bitPattern: $0) }
      } catch  where error.errno == .outOfRange {
        continue
      }
    }
  }

  package func status(_ file: borrowing Descriptor, path: FilePath) throws(SystemError) -> FileStatus {
    let number = file.rawValue
    var raw = stat()
    _ = try repeating("fstat", path) { unsafe fstat(number, &raw) }
    return FileStatus(raw)
  }

  package func status(_ location: FileLocation, followingLink: Bool) throws(SystemError) -> FileStatus {
    var raw = stat()
    let flags = followingLink ? 0 : AT_SYMLINK_NOFOLLOW
    _ = try repeating("stat", location.path) {
      unsafe location.name.withPlatformString { unsafe fstatat(location.folder, $0, &raw, flags) }
    }
    return FileStatus(raw)
  }

  package func checkWritable(folder: FileLocation) throws(SystemError) {
    _ = try repeating("access", folder.path) {
      unsafe folder.name.withPlatformString { unsafe faccessat(folder.folder, $0, W_OK | X_OK, CLinux_AT_EACCESS) }
    }
  }

  package func list(_ folder: borrowing Folder) throws(SystemError) -> [FilePath.Component] {
    // A descriptor of its own, since fdopendir(3) takes over the one that it is given, position and all.
    let number = try open(folder.itself, for: .folder).release()
    guard let stream = unsafe fdopendir(number) else {
      let failure = SystemError.last("fdopendir", folder.path)
      _ = close(number)
      throw failure
    }
    defer { unsafe closedir(stream) }
    var names: [FilePath.Component] = []
    while true {
      // readdir(3) tells an error from the end by errno only.
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe FilePath(platformString: CLinux_entry_name(entry))
      if let component = name.lastComponent, component.kind == .regular { names.append(component) }
    }
    guard errno == 0 else { throw .last("readdir", folder.path) }
    return names
  }

  package func readLink(_ location: FileLocation) throws(SystemError) -> FilePath {
    // One byte more than PATH_MAX, so that a text that was cut off would be seen.
    var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let length = try repeating("readlink", location.path) {
      unsafe location.name.withPlatformString {
        unsafe readlinkat(location.folder, $0, &text, Int(PATH_MAX))
      }
    }
    text[length] = 0
    return unsafe text.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return FilePath() }
      return unsafe FilePath(platformString: start)
    }
  }

  package func makeSymbolicLink(_ location: FileLocation, to target: FilePath) throws(SystemError) {
    _ = try repeating("symlink", location.path) {
      unsafe location.name.withPlatformString { name in
        unsafe target.withPlatformString { unsafe symlinkat($0, location.folder, name) }
      }
    }
  }

  package func makeFolder(_ location: FileLocation, mode: FilePermissions) throws(SystemError) {
    _ = try repeating("mkdir", location.path) {
      unsafe location.name.withPlatformString { unsafe mkdirat(location.folder, $0, mode_t(mode.rawValue)) }
    }
  }

  package func rename(_ old: FileLocation, to new: FileLocation) throws(SystemError) {
    _ = try repeating("rename", new.path) {
      unsafe old.name.withPlatformString { oldName in
        unsafe new.name.withPlatformString { unsafe renameat(old.folder, oldName, new.folder, $0) }
      }
    }
  }

  package func exchange(_ one: FileLocation, with other: FileLocation) throws(SystemError) {
    _ = try repeating("renameat2", other.path) {
      unsafe one.name.withPlatformString { oneName in
        unsafe other.name.withPlatformString {
          unsafe CLinux_renameat2(one.folder, oneName, other.folder, $0, UInt32(RENAME_EXCHANGE))
        }
      }
    }
  }

  package func removeFile(_ location: FileLocation) throws(SystemError) {
    _ = try repeating("unlink", location.path) {
      unsafe location.name.withPlatformString { unsafe unlinkat(location.folder, $0, 0) }
    }
  }

  package func removeFolder(_ location: FileLocation) throws(SystemError) {
    _ = try repeating("rmdir", location.path) {
      unsafe location.name.withPlatformString { unsafe unlinkat(location.folder, $0, AT_REMOVEDIR) }
    }
  }

  /// Makes a call again as long as a signal interrupts it, and turns -1 into an error.
  private func repeating<Number: SignedInteger>(
    _ call: String, _ path: FilePath, _ body: () -> Number
  ) throws(SystemError) -> Number {
    while true {
      let result = body()
      if result >= 0 { return result }
      if errno != EINTR { throw .last(call, path) }
    }
  }
}
