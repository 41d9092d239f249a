// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Where a file really lies, or will: equal for two paths that name one file by different links to its folder.
///
/// The last name is not followed, since a link there is replaced by what is written.
package struct Spot: Hashable {
  /// The nearest folder that exists.
  var folder: FolderPlace.Identity
  /// The names below it, the file's own last.
  var names: [String]
}

/// The spots of paths, each folder looked at once.
package struct SpotFinder<Files: ConfigurationFiles> {
  private let files: Files
  private var places: [FilePath: FolderPlace?] = [:]

  package init(files: Files) { self.files = files }

  /// Nil where nobody can tell.
  package mutating func spot(of path: FilePath) -> Spot? {
    guard let name = path.lastComponent?.string, let place = place(ofFolder: path.removingLastComponent()),
      let folder = place.existing.first
    else { return nil }
    return Spot(folder: folder, names: place.missing + [name])
  }

  /// The spots of the folders that a path lies in, the nearest first, `/` left out.
  mutating func spotsAbove(_ path: FilePath) -> [Spot] {
    guard let spot = spot(of: path) else { return [] }
    return (1..<spot.names.count).reversed().map { Spot(folder: spot.folder, names: Array(spot.names.prefix($0))) }
  }

  /// The folders that a path lies in and that exist, the nearest first.
  mutating func foldersAbove(_ path: FilePath) -> [FolderPlace.Identity] {
    place(ofFolder: path.removingLastComponent())?.existing ?? []
  }

  /// The folder that a path leads to, where it leads to one.
  mutating func folder(at path: FilePath) -> FolderPlace.Identity? {
    guard let place = place(ofFolder: path), place.missing.isEmpty else { return nil }
    return place.existing.first
  }

  private mutating func place(ofFolder path: FilePath) -> FolderPlace? {
    if let known = places[path] { return known }
    let place = files.place(ofFolder: path)
    places[path] = .some(place)
    return place
  }
}
