// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// Which watch serves which path, and which paths have changed; the memory of a `FileWatcher`.
struct WatchState {
  /// One name in one watched folder, or all of its names.
  struct Key: Hashable {
    let watch: CInt
    let name: String?
  }

  /// Every path that is watched.
  var paths: Set<FilePath> { Set(keys.keys) }
  private var keys: [FilePath: Set<Key>] = [:]
  private var users: [Key: Set<FilePath>] = [:]
  private var folders: [CInt: FilePath] = [:]
  private var pending: [FilePath] = []

  /// Puts the folders that lead to `path` now in the place of those that led to it before.
  ///
  /// Returns the watches that serve nobody any longer.
  mutating func follow(_ path: FilePath, by way: [Key: FilePath]) -> [CInt] {
    for (key, folder) in way {
      users[key, default: []].insert(path)
      folders[key.watch] = folder
    }
    let left = keys.updateValue(Set(way.keys), forKey: path) ?? []
    return release(left.subtracting(way.keys), of: path)
  }

  /// Forgets `path` and its changes, and returns the watches that serve nobody any longer.
  mutating func drop(_ path: FilePath) -> [CInt] {
    pending.removeAll { $0 == path }
    return release(keys.removeValue(forKey: path) ?? [], of: path)
  }

  /// Notes what `events` mean, and returns the paths to walk to anew.
  ///
  /// `isBeingWritten` says whether a path that was just created is a file whose writer has yet to close it; such a
  /// file counts as changed when that happens.
  mutating func note(_ events: [InotifyEvent], isBeingWritten: (FilePath) -> Bool) -> Set<FilePath> {
    var affected: Set<FilePath> = []
    for event in events {
      let concerned = paths(concernedBy: event)
      affected.formUnion(concerned)
      if event.isCreation, let name = event.name.flatMap({ FilePath.Component($0) }),
        let folder = folders[event.watch], isBeingWritten(folder.appending(name))
      {
        continue
      }
      for path in concerned.sorted(by: { $0.string < $1.string }) where !pending.contains(path) {
        pending.append(path)
      }
    }
    return affected
  }

  /// Takes the path that has been waiting longest to be told.
  mutating func takePending() -> FilePath? {
    pending.isEmpty ? nil : pending.removeFirst()
  }

  private mutating func paths(concernedBy event: InotifyEvent) -> Set<FilePath> {
    if event.isOverflow { return paths }
    if event.isEndOfWatch {
      let gone = users.filter { $0.key.watch == event.watch }
      for key in gone.keys { users[key] = nil }
      folders[event.watch] = nil
      let concerned = gone.values.reduce(into: Set()) { $0.formUnion($1) }
      for path in concerned { keys[path] = keys[path]?.filter { $0.watch != event.watch } }
      return concerned
    }
    guard let name = event.name else { return [] }
    return (users[Key(watch: event.watch, name: name)] ?? [])
      .union(users[Key(watch: event.watch, name: nil)] ?? [])
  }

  private mutating func release(_ left: Set<Key>, of path: FilePath) -> [CInt] {
    for key in left {
      users[key]?.remove(path)
      if users[key]?.isEmpty == true { users[key] = nil }
    }
    let unused = Set(left.map(\.watch)).filter { watch in !users.keys.contains { $0.watch == watch } }
    for watch in unused { folders[watch] = nil }
    return Array(unused)
  }
}
