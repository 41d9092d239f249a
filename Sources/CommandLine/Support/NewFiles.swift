// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage

/// Files that a command makes: all of them, or none.
enum NewFiles {
  struct File {
    let path: String
    let bytes: SecretBytes
    /// Whether only the owner may read it.
    let isSecret: Bool
  }

  /// Refuses a path that something has already, before a person is asked for anything.
  ///
  /// - Throws: ``Refusal`` or `SystemError`, about that path.
  static func checkAbsent(_ paths: [String]) throws {
    for path in paths {
      try PSEOnDisk.about(path) {
        guard try HostFiles().linkStatusIfPresent(of: FilePath(path)) == nil else {
          throw Refusal("it exists already and is not overwritten: name another file")
        }
      }
    }
  }

  /// Makes the files; when one cannot be made, those before it are removed again.
  ///
  /// - Throws: `SystemError`, about the path that could not be made.
  static func write(_ files: [File]) throws {
    try checkAbsent(files.map(\.path))
    var made: [File] = []
    do {
      for file in files {
        try PSEOnDisk.about(file.path) {
          try HostFiles().createFile(
            at: FilePath(file.path), mode: file.isSecret ? .ownerReadWrite : [.ownerReadWrite, .groupRead, .otherRead],
            contents: file.bytes)
        }
        made.append(file)
      }
    } catch {
      for file in made { remove(file.path) }
      throw error
    }
  }

  private static func remove(_ path: String) {
    do {
      try HostFiles().removeTree(at: FilePath(path))
    } catch {
      Output.complain("\(path): it is left behind: \(error)")
    }
  }
}
