// SPDX-License-Identifier: Apache-2.0

import Settings
import SystemPackage

/// A host with one configuration file on it, and whatever else the file names.
struct OneConfigurationFile: ConfigurationFiles {
  let path: FilePath = "/etc/certrotd/certrotd.yaml"
  let bytes: [UInt8]

  func read(_ path: FilePath, limit: Int) throws(FileProblem) -> [UInt8] {
    guard path == self.path else { throw .missing }
    guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
    return bytes
  }

  func list(_ directory: FilePath) throws(FileProblem) -> [String] { [] }

  func facts(of path: FilePath) throws(FileProblem) -> FileFacts {
    FileFacts(kind: path.extension == nil ? .directory : .file, mode: 0o600)
  }

  func checkReadable(_ path: FilePath) throws(FileProblem) {}
}
