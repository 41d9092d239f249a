// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

/// The files of this host.
package struct HostConfigurationFiles: ConfigurationFiles {
  private let files: HostFiles

  package init(files: HostFiles = HostFiles()) {
    self.files = files
  }

  package func read(_ path: FilePath, limit: Int) throws(FileProblem) -> [UInt8] {
    do throws(SystemError) {
      return try files.readFile(path, limit: limit)
    } catch {
      throw FileProblem(error, limit: limit)
    }
  }

  package func list(_ directory: FilePath) throws(FileProblem) -> [String] {
    do throws(SystemError) {
      return try files.list(directory)
    } catch {
      throw FileProblem(error)
    }
  }

  package func facts(of path: FilePath) throws(FileProblem) -> FileFacts {
    let status: FileStatus
    do throws(SystemError) {
      status = try files.status(of: path)
    } catch {
      throw FileProblem(error)
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
      throw FileProblem(error)
    }
  }
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
