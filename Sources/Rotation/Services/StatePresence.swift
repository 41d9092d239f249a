// SPDX-License-Identifier: Apache-2.0

import Host
import Ledger
import SystemPackage

/// Notices when the state folder or the ledger is no longer the one that the daemon has opened.
///
/// What is removed or replaced under an open descriptor takes everything that is written to it along, without an error.
struct StatePresence: Sendable {
  private struct Place: Sendable {
    let name: String
    let path: FilePath
    let device: UInt64
    let inode: UInt64
  }

  private let places: [Place]
  private let files: HostFiles

  /// Remembers what is there now, just after the ledger was opened.
  init(_ layout: StateLayout, files: HostFiles) throws(SystemError) {
    self.files = files
    var places: [Place] = []
    let log = FilePath("\(layout.ledger)-wal")
    for (name, path) in [
      ("the state folder", layout.root), ("the ledger", layout.ledger), ("the log of the ledger", log),
    ] {
      if path == log, try files.linkStatusIfPresent(of: log) == nil { continue }
      let status = try files.status(of: path)
      places.append(Place(name: name, path: path, device: status.device, inode: status.inode))
    }
    self.places = places
  }

  /// Compares what the paths lead to with what was opened.
  ///
  /// - Throws: ``StateLoss``; `SystemError` when a path cannot be followed, which is no better.
  func check() throws {
    for place in places {
      guard let status = try status(of: place.path) else {
        throw StateLoss(name: place.name, path: place.path, isReplaced: false)
      }
      guard status.device == place.device, status.inode == place.inode else {
        throw StateLoss(name: place.name, path: place.path, isReplaced: true)
      }
    }
  }

  /// Nil where the path leads to nothing.
  private func status(of path: FilePath) throws(SystemError) -> FileStatus? {
    do throws(SystemError) {
      return try files.status(of: path)
    } catch  where [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) {
      return nil
    }
  }
}

/// What the daemon works on was taken away under it.
///
/// It ends then, so that it is started anew with what lies there: going on would lose every outcome, keys on platforms
/// included, and making the file again could hide a backup that is just being put in its place.
struct StateLoss: Error, Equatable, CustomStringConvertible {
  let name: String
  let path: FilePath
  let isReplaced: Bool

  var description: String {
    """
    \(name) \(path) was \(isReplaced ? "replaced by another" : "removed") while certrotd ran, so that nothing it writes \
    would last; it begins anew with what lies there when it is started again; stop it before its state is touched
    """
  }
}
