// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

extension HostFiles {
  /// Reads a whole file of at most `limit` bytes; a longer one is refused with `EFBIG`, a folder, pipe or device with
  /// `EISDIR` or `EINVAL`.
  package func readFile(_ path: FilePath, limit: Int) throws(SystemError) -> [UInt8] {
    try readFile(FileLocation(path), limit: limit)
  }

  /// Like `readFile(_:limit:)`, below an open folder.
  package func readFile(_ location: FileLocation, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try calls.open(location, for: .reading)
    let size = try regularSize(of: file, path: location.path, limit: limit)
    var bytes: [UInt8] = []
    // One byte of room more than the file has, so that the end is found without another round.
    var room = [UInt8](repeating: 0, count: min(size, limit) + 1)
    while true {
      var span = room.mutableSpan
      let count = try calls.read(file, into: &span, at: 0, path: location.path)
      if count == 0 { return bytes }
      guard bytes.count + count <= limit else { throw Self.tooLong(location.path, limit) }
      bytes.append(contentsOf: room[..<count])
    }
  }

  /// Reads a whole file of at most `limit` bytes into secret memory, without a copy elsewhere.
  ///
  /// A file that keeps changing its length while it is read is refused with `EBUSY`.
  package func readSecretFile(_ path: FilePath, limit: Int) throws(SystemError) -> SecretBytes {
    try readSecretFile(FileLocation(path), limit: limit)
  }

  /// Like `readSecretFile(_:limit:)`, below an open folder.
  package func readSecretFile(_ location: FileLocation, limit: Int) throws(SystemError) -> SecretBytes {
    for _ in 1...attemptsAtChangingFile {
      let file = try calls.open(location, for: .reading)
      if let bytes = try readSecret(file, path: location.path, limit: limit) { return bytes }
    }
    throw SystemError(
      call: "read", path: location.path, errno: .resourceBusy, detail: "the file changes while it is read")
  }

  /// Reads an open file from its beginning; nil where it changes its length meanwhile.
  func readSecret(
    _ file: borrowing Descriptor, path: FilePath, limit: Int
  ) throws(SystemError) -> SecretBytes? {
    let size = try regularSize(of: file, path: path, limit: limit)
    var isWhole = false
    let bytes = try SecretBytes(count: size) { (span: inout MutableSpan<UInt8>) throws(SystemError) in
      var filled = 0
      while filled < size {
        let count = try calls.read(file, into: &span, at: filled, path: path)
        if count == 0 { return }
        filled += count
      }
      var beyond: [UInt8] = [0]
      var oneMore = beyond.mutableSpan
      isWhole = try calls.read(file, into: &oneMore, at: 0, path: path) == 0
    }
    return isWhole ? bytes : nil
  }

  /// What a file carries beside its owner, group and mode, for a file that is put in its place.
  package func attributes(of path: FilePath) throws(SystemError) -> [FileAttribute] {
    let file = try calls.open(FileLocation(path), for: .reading)
    return try calls.attributes(file, path: path)
  }

  private func regularSize(
    of file: borrowing Descriptor, path: FilePath, limit: Int
  ) throws(SystemError) -> Int {
    let status = try calls.status(file, path: path)
    guard status.kind == .regular else {
      throw SystemError(
        call: "open", path: path, errno: status.kind == .folder ? .isDirectory : .invalidArgument,
        detail: "not a regular file")
    }
    guard status.size <= limit else { throw Self.tooLong(path, limit) }
    return Int(status.size)
  }

  private static func tooLong(_ path: FilePath, _ limit: Int) -> SystemError {
    SystemError(call: "read", path: path, errno: .fileTooLarge, detail: "more than \(limit) bytes")
  }

  private var attemptsAtChangingFile: Int { 4 }
}
