// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

/// The files of this host.
package struct HostConfigurationFiles: ConfigurationFiles {
  private let files: HostFiles
  private let account: Account?
  package let expectedFilesMustBeReadable: Bool

  /// - Parameters:
  ///   - files: how files are read.
  ///   - account: with whose rights this is done (`FileAccess`); nil for those of the process.
  ///   - expectedFilesMustBeReadable: whether a file that may come later has to be readable once it is there.
  package init(files: HostFiles = HostFiles(), account: Account? = nil, expectedFilesMustBeReadable: Bool = false) {
    self.files = files
    self.account = account
    self.expectedFilesMustBeReadable = expectedFilesMustBeReadable
  }

  package func read(_ path: FilePath, limit: Int) throws(FileProblem) -> [UInt8] {
    do throws(SystemError) {
      return try files.readFile(path, limit: limit)
    } catch {
      throw problem(error, with: path, limit: limit)
    }
  }

  package func list(_ directory: FilePath) throws(FileProblem) -> [String] {
    do throws(SystemError) {
      return try files.list(directory)
    } catch {
      throw problem(error, with: directory)
    }
  }

  package func facts(of path: FilePath) throws(FileProblem) -> FileFacts {
    let status: FileStatus
    do throws(SystemError) {
      status = try files.status(of: path)
    } catch {
      throw problem(error, with: path)
    }
    let kind: FileFacts.Kind =
      switch status.kind {
      case .regular: .file
      case .folder: .directory
      case .symbolicLink, .other: .other
      }
    return FileFacts(kind: kind, mode: UInt16(truncatingIfNeeded: status.mode.rawValue))
  }

  package func checkReadable(_ path: FilePath) throws(FileProblem) {
    guard try facts(of: path).kind != .directory else {
      _ = try list(path)
      return
    }
    do throws(SystemError) {
      _ = try files.calls.open(FileLocation(path), for: .reading)
    } catch {
      throw problem(error, with: path)
    }
  }

  package func holdSameSecret(_ left: FilePath, _ right: FilePath) -> Bool {
    do throws(SystemError) {
      return try files.readSecretFile(left, limit: Self.largestSecret)
        == files.readSecretFile(right, limit: Self.largestSecret)
    } catch {
      // That one of them cannot be read is reported where it is named.
      return false
    }
  }

  package func place(ofFolder path: FilePath) -> FolderPlace? {
    var folder = path
    var missing: [String] = []
    var existing: [FolderPlace.Identity] = []
    while true {
      do throws(SystemError) {
        let status = try files.status(of: folder)
        guard status.kind == .folder else { return nil }
        existing.append(FolderPlace.Identity(status))
        break
      } catch {
        guard error.errno == .noSuchFileOrDirectory, let name = folder.lastComponent else { return nil }
        missing.insert(name.string, at: 0)
        folder.removeLastComponent()
      }
    }
    // The kernel knows the folder that a folder lies in, by whatever link one came there. Above one that this account may
    // not enter, nothing more can be told.
    while true {
      folder.append("..")
      guard let status = try? files.status(of: folder), FolderPlace.Identity(status) != existing.last else { break }
      existing.append(FolderPlace.Identity(status))
    }
    return FolderPlace(existing: existing, missing: missing)
  }

  /// In bytes.
  private static let largestSecret = 64 * 1024

  private func problem(_ error: SystemError, with path: FilePath, limit: Int = 0) -> FileProblem {
    guard error.errno == .permissionDenied, let refusal = refusal(of: path) else {
      return FileProblem(error, limit: limit)
    }
    return .refused(refusal)
  }

  /// Nil when the name service does not answer: that it is refused is known all the same.
  private func refusal(of path: FilePath) -> FileRefusal? {
    guard let account = try? account ?? Accounts.current(), let group = try? Accounts.groupName(account.group) else {
      return nil
    }
    return FileRefusal(account: account.name, group: group, obstacle: obstacle(to: path))
  }

  /// The first thing on the way to `path` that refuses the account.
  private func obstacle(to path: FilePath) -> FileRefusal.Obstacle {
    var here = FilePath("/")
    for component in path.components {
      let above = here
      here.append(component)
      do throws(SystemError) {
        // A link that leads into a closed folder fails here too, and is all that a stranger can be told.
        _ = try files.status(of: here)
      } catch {
        return .way(above)
      }
    }
    let kind = (try? files.status(of: here))?.kind
    return kind == .folder ? .folder(here) : .file(here)
  }
}

extension FolderPlace.Identity {
  fileprivate init(_ status: FileStatus) { self.init(device: status.device, inode: status.inode) }
}

extension FileProblem {
  fileprivate init(_ error: SystemError, limit: Int = 0) {
    switch error.errno {
    case .noSuchFileOrDirectory, .notDirectory: self = .missing
    case .permissionDenied, .notPermitted: self = .notPermitted
    case .isDirectory, .invalidArgument: self = .wrongKind
    case .fileTooLarge: self = .tooLarge(limit: limit)
    default: self = .failed("\(error)")
    }
  }
}
