// SPDX-License-Identifier: Apache-2.0

import Host
import Planning
import Settings
import SystemPackage

/// Finds out which PSE files of a keystore are the one that it starts from, by whatever name.
struct AdoptedFileFinder {
  let files: HostFiles

  /// The absolute paths of `outputs` that are the file `adopted` as the disk is now.
  ///
  /// Links to folders and mounts give a file several names, and so do hard links and links to the file itself, until one of
  /// the names is written to. What nobody can look at is no other name.
  ///
  /// - Parameters:
  ///   - adopted: the file, absolute; it need not exist.
  ///   - outputs: the files of the keystore.
  /// - Returns: the names besides `adopted` itself.
  func otherNames(of adopted: FilePath, among outputs: [FileSettings]) -> Set<FilePath> {
    var finder = SpotFinder(files: HostConfigurationFiles(files: files))
    let (spot, identity) = (finder.spot(of: adopted), identity(of: adopted))
    return Set(
      outputs.compactMap(\.outsidePSE).filter { path in
        guard path != adopted else { return false }
        if let spot, finder.spot(of: path) == spot { return true }
        return identity.map { $0 == self.identity(of: path) } ?? false
      })
  }

  /// The first of `paths` that is a symbolic link, with where it leads.
  ///
  /// - Throws: `SystemError` when that cannot be told.
  func link(among paths: some Sequence<FilePath>) throws(SystemError) -> (path: FilePath, target: FilePath)? {
    for path in paths where try files.linkStatusIfPresent(of: path)?.kind == .symbolicLink {
      return (path, try files.readLink(path))
    }
    return nil
  }

  /// What the kernel knows a file by, links followed; nil where nothing is, or it cannot be told.
  private func identity(of path: FilePath) -> [UInt64]? {
    do throws(SystemError) {
      let status = try files.status(of: path)
      return status.kind == .regular ? [status.device, status.inode] : nil
    } catch {
      return nil
    }
  }
}

extension FileSettings {
  /// Where it is written, for a PSE outside the keystore's own folder.
  var outsidePSE: FilePath? {
    guard case .pse(let pse) = format, case .absolute(let path) = pse.path else { return nil }
    return path
  }
}
