// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// A file that one keystore would write over what another one writes.
///
/// The reader of the configuration finds two such outputs by itself; this is for the moment of writing, since a link to a
/// folder may lead elsewhere by then, and an earlier generation may have other paths than the configuration.
package struct OutputCollision: Error, Sendable, Hashable {
  package let path: FilePath
  /// How the configuration names it for the other keystore, or a second time for the same one.
  package let other: FilePath
  package let keystore: String

  /// Looks for the first of `paths` that is, holds, or lies in what another keystore of the configuration writes.
  ///
  /// - Parameters:
  ///   - paths: absolute paths that are to be written.
  ///   - keystore: whose they are.
  ///   - configuration: what is in force.
  ///   - files: tells which names lead to one folder.
  /// - Returns: nil where there is none.
  package static func find(
    among paths: Set<FilePath>, of keystore: String, in configuration: Configuration, files: some ConfigurationFiles
  ) -> OutputCollision? {
    guard !paths.isEmpty else { return nil }
    let own = paths.sorted { $0.string < $1.string }
    var finder = SpotFinder(files: files)
    var written = configuration.keystores.filter { $0.name != keystore }
      .flatMap { other in other.outsidePaths.map { (path: $0, keystore: other.name) } }
    for path in own {
      for other in written where finder.areOne(path, other.path) {
        return OutputCollision(path: path, other: other.path, keystore: other.keystore)
      }
      written.append((path, keystore))
    }
    return nil
  }
}

extension OutputCollision: CustomStringConvertible {
  package var description: String {
    guard path != other else {
      return "\(path) belongs to keystore \(keystore) now, whose file would be overwritten"
    }
    return """
      \(path) would overwrite \(other) of keystore \(keystore), since a link or a mount makes the two folders one: lead the \
      link elsewhere, or correct the path in the configuration
      """
  }
}

extension KeystoreSettings {
  /// The absolute paths that it writes, outside of its own folder.
  package var outsidePaths: [FilePath] {
    files.flatMap(\.format.paths).compactMap { path in
      if case .absolute(let path) = path { path } else { nil }
    }
  }
}

extension SpotFinder {
  /// Whether two paths name one file or folder, or one lies in the other.
  fileprivate mutating func areOne(_ path: FilePath, _ other: FilePath) -> Bool {
    if path.starts(with: other) || other.starts(with: path) { return true }
    if let spot = spot(of: path), spot == self.spot(of: other) { return true }
    if let folder = folder(at: path), foldersAbove(other).contains(folder) { return true }
    if let folder = folder(at: other), foldersAbove(path).contains(folder) { return true }
    return false
  }
}
