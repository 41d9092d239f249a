// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// The folders whose names decide what a path leads to: each with the name that matters in it, or nil for all names.
///
/// A walk from the root, as the kernel resolves a path (path_resolution(7)): every folder on the way, the folder of
/// every symbolic link on the way and those that the link leads through. It ends where a name is missing, so that the
/// appearance of that name is noticed, and takes in a folder's own names where the path leads to a folder.
struct WatchPlan {
  /// One name in one folder.
  struct Interest: Hashable {
    let folder: FilePath
    let name: FilePath.Component?
  }

  /// Walks `path`, an absolute one, and calls `visit` before it looks at the name, so that nothing that changes after
  /// the look goes unseen.
  static func walk(
    _ path: FilePath, calls: any FileCalls, visit: (Interest) -> Void
  ) {
    var folder: FilePath = "/"
    var remaining = Array(path.components.reversed())
    var links = 0
    while let component = remaining.popLast() {
      switch component.kind {
      case .currentDirectory: continue
      case .parentDirectory: folder.removeLastComponent()
      case .regular:
        visit(Interest(folder: folder, name: component))
        let place = folder.appending(component)
        // A name that is missing or out of reach ends the walk; what can be watched of it is watched by now.
        guard let status = try? calls.status(FileLocation(place), followingLink: false) else { return }
        switch status.kind {
        case .folder: folder = place
        case .symbolicLink:
          links += 1
          guard links <= 40, let target = try? calls.readLink(FileLocation(place)) else { return }
          if target.isAbsolute { folder = "/" }
          remaining += target.components.reversed()
        case .regular, .other: return
        }
      }
    }
    visit(Interest(folder: folder, name: nil))
  }
}
