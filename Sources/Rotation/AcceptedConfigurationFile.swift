// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Host
package import Settings
package import SystemPackage

/// The copy of the configuration in force that the state folder keeps: what the daemon works with while the files on disk
/// have mistakes, and what it worked with when it ran last.
package struct AcceptedConfigurationFile: Sendable {
  private let path: FilePath
  private let stateDirectory: FilePath
  private let files: HostFiles

  package init(layout: StateLayout, files: HostFiles) {
    path = layout.acceptedConfiguration
    stateDirectory = layout.root
    self.files = files
  }

  private struct Contents: Codable {
    var main: String
    var record: ConfigurationRecord
  }

  /// Puts `accepted` in the place of what was kept before.
  ///
  /// - Throws: `SystemError` when it cannot be written; `EncodingError`, which is a fault of certrotd.
  package func save(_ accepted: AcceptedConfiguration) throws {
    let encoder = JSONEncoder()
    // The same configuration gives the same file.
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let contents = Contents(main: accepted.main.string, record: accepted.record)
    try files.replaceFile(
      at: path, mode: .ownerReadWrite, contents: SecretBytes(copying: try encoder.encode(contents)))
  }

  /// The configuration that was accepted last, as it was read then; nil when none was, or none of this main file.
  ///
  /// - Parameters:
  ///   - main: the main file; a copy of another one says nothing about it.
  ///   - other: what was read just now: the same answers mean the same configuration, which need not be read twice.
  /// - Returns: the configuration, with every default filled in.
  /// - Throws: `SystemError` when it cannot be read, `DecodingError` when it is damaged.
  package func load(of main: FilePath, sameAs other: AcceptedConfiguration? = nil) throws -> Configuration? {
    guard try files.linkStatusIfPresent(of: path) != nil else { return nil }
    let bytes = try files.readFile(path, limit: Self.largest)
    let contents = try JSONDecoder().decode(Contents.self, from: Data(bytes))
    guard FilePath(contents.main).lexicallyNormalized() == main.lexicallyNormalized() else { return nil }
    if let other, other.record == contents.record { return other.configuration }
    let files = RecordedFiles(contents.record, others: HostConfigurationFiles(files: files))
    return ConfigurationReader.read(
      main: FilePath(contents.main), files: files, stateDirectory: stateDirectory
    ).usable
  }

  /// Forgets what was kept, which is in force no longer.
  ///
  /// - Throws: `SystemError`.
  package func remove() throws(SystemError) {
    guard try files.linkStatusIfPresent(of: path) != nil else { return }
    try files.removeTree(at: path)
  }

  /// In bytes: far more than the configuration of ten thousand endpoints has.
  private static let largest = 256 << 20
}
