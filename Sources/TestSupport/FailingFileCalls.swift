// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Host
import Synchronization
package import SystemPackage

/// File system calls of which a chosen one fails, as a full disk or a pulled plug would make it fail.
///
/// Calls are counted from 1 on. A run that fails nothing tells by `count` how many there are to try.
package final class FailingFileCalls: FileCalls {
  /// Which calls fail.
  package enum Fault: Sendable {
    case none
    /// Only call number `number` fails; what follows, such as cleaning up, succeeds.
    case once(number: Int, Errno)
    /// Nothing works from call number `number` on, which leaves the disk as it was at that moment: a crash.
    case from(number: Int)
    /// The process is killed before call number `number`, as by the kernel.
    case kill(number: Int)
    /// Each call that changes the disk is a point of these.
    case points(CrashPoints)
    /// Modes stay as they are though nothing fails, as on a file system that has none.
    case unkeptModes
    /// All of these calls fail, as long as the fault lasts.
    case every(Set<String>, Errno)
  }

  private let base: any FileCalls
  private let fault: Fault
  private let done = Mutex<[String]>([])
  private let isArmed: Mutex<Bool>

  /// - Parameters:
  ///   - fault: which calls fail.
  ///   - base: what the others do.
  ///   - isArmed: whether calls count from the beginning, rather than from ``arm()`` on.
  package init(_ fault: Fault = .none, base: any FileCalls = LinuxFileCalls(), isArmed: Bool = true) {
    self.fault = fault
    self.base = base
    self.isArmed = Mutex(isArmed)
  }

  /// Counts calls from now on.
  package func arm() { isArmed.withLock { $0 = true } }

  /// Counts no more calls, and fails none.
  package func disarm() { isArmed.withLock { $0 = false } }

  /// How many calls were made.
  package var count: Int { done.withLock(\.count) }
  /// The calls that were made, each as `name path`.
  package var log: [String] { done.withLock(\.self) }

  /// The numbers, from 1 on, of the calls of these names.
  package func numbers(of calls: Set<String>) -> [Int] {
    zip(1..., log).filter { calls.contains(String($1.prefix { $0 != " " })) }.map(\.0)
  }

  private func enter(_ call: String, _ path: FilePath) throws(SystemError) {
    guard isArmed.withLock(\.self) else { return }
    let number = done.withLock { done in
      done.append("\(call) \(path)")
      return done.count
    }
    switch fault {
    case .once(number, let errno): throw SystemError(call: call, path: path, errno: errno)
    case .from(let first) where number >= first: throw SystemError(call: call, path: path, errno: .ioError)
    case .kill(number): _ = Glibc.kill(getpid(), SIGKILL)
    case .points(let points) where Self.changing.contains(call): points.pass("\(call) \(path)")
    case .every(let calls, let errno) where calls.contains(call):
      throw SystemError(call: call, path: path, errno: errno)
    case .none, .once, .from, .kill, .points, .every, .unkeptModes: return
    }
  }

  /// The calls that change the disk.
  package static let changing: Set = [
    "create", "write", "fchown", "fchmod", "fsync", "fsetxattr", "symlink", "mkdir", "rename", "renameat2", "unlink",
    "rmdir",
  ]

  package func open(_ location: FileLocation, for opening: FileOpening) throws(SystemError) -> Descriptor {
    try enter(opening == .creating ? "create" : "open", location.path)
    return try base.open(location, for: opening)
  }

  package func read(
    _ file: borrowing Descriptor, into buffer: inout MutableSpan<UInt8>, at start: Int, path: FilePath
  ) throws(SystemError) -> Int {
    try enter("read", path)
    return try base.read(file, into: &buffer, at: start, path: path)
  }

  package func write(
    _ bytes: Span<UInt8>, to file: borrowing Descriptor, path: FilePath
  ) throws(SystemError) -> Int {
    try enter("write", path)
    // Half at a time, so that every writer has to deal with a short count and every file has a torn state.
    return try base.write(bytes.extracting(..<((bytes.count + 1) / 2)), to: file, path: path)
  }

  package func setOwner(
    _ file: borrowing Descriptor, owner: UInt32?, group: UInt32?, path: FilePath
  ) throws(SystemError) {
    try enter("fchown", path)
    try base.setOwner(file, owner: owner, group: group, path: path)
  }

  package func setPermissions(
    _ file: borrowing Descriptor, _ mode: FilePermissions, path: FilePath
  ) throws(SystemError) {
    try enter("fchmod", path)
    if case .unkeptModes = fault, isArmed.withLock(\.self) { return }
    try base.setPermissions(file, mode, path: path)
  }

  package func synchronize(_ file: borrowing Descriptor, path: FilePath) throws(SystemError) {
    try enter("fsync", path)
    try base.synchronize(file, path: path)
  }

  package func attributes(_ file: borrowing Descriptor, path: FilePath) throws(SystemError) -> [FileAttribute] {
    try enter("fgetxattr", path)
    return try base.attributes(file, path: path)
  }

  package func setAttribute(
    _ file: borrowing Descriptor, _ attribute: FileAttribute, path: FilePath
  ) throws(SystemError) {
    try enter("fsetxattr", path)
    try base.setAttribute(file, attribute, path: path)
  }

  package func status(_ file: borrowing Descriptor, path: FilePath) throws(SystemError) -> FileStatus {
    try enter("fstat", path)
    return try base.status(file, path: path)
  }

  package func status(_ location: FileLocation, followingLink: Bool) throws(SystemError) -> FileStatus {
    try enter("stat", location.path)
    return try base.status(location, followingLink: followingLink)
  }

  package func checkWritable(folder: FileLocation) throws(SystemError) {
    try enter("access", folder.path)
    try base.checkWritable(folder: folder)
  }

  package func list(_ folder: borrowing Folder) throws(SystemError) -> [FilePath.Component] {
    try enter("readdir", folder.path)
    return try base.list(folder)
  }

  package func readLink(_ location: FileLocation) throws(SystemError) -> FilePath {
    try enter("readlink", location.path)
    return try base.readLink(location)
  }

  package func makeSymbolicLink(_ location: FileLocation, to target: FilePath) throws(SystemError) {
    try enter("symlink", location.path)
    try base.makeSymbolicLink(location, to: target)
  }

  package func makeFolder(_ location: FileLocation, mode: FilePermissions) throws(SystemError) {
    try enter("mkdir", location.path)
    try base.makeFolder(location, mode: mode)
  }

  package func rename(_ old: FileLocation, to new: FileLocation) throws(SystemError) {
    try enter("rename", new.path)
    try base.rename(old, to: new)
  }

  package func exchange(_ one: FileLocation, with other: FileLocation) throws(SystemError) {
    try enter("renameat2", other.path)
    try base.exchange(one, with: other)
  }

  package func removeFile(_ location: FileLocation) throws(SystemError) {
    try enter("unlink", location.path)
    try base.removeFile(location)
  }

  package func removeFolder(_ location: FileLocation) throws(SystemError) {
    try enter("rmdir", location.path)
    try base.removeFolder(location)
  }
}
