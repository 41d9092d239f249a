// SPDX-License-Identifier: Apache-2.0

package import Settings
package import SystemPackage

/// A configuration that can be put in force, and all that it was read from.
package struct AcceptedConfiguration: Sendable {
  package let configuration: Configuration
  /// The main file.
  package let main: FilePath
  let record: ConfigurationRecord
  /// What is likely to be meant otherwise.
  let warnings: [ConfigurationMistake]
  /// Which of the files that it names are missing or cannot be read; empty unless a start goes on without them.
  let missing: [ConfigurationMistake]

  /// Reads the files of this host.
  ///
  /// - Parameters:
  ///   - main: the main file, absolute.
  ///   - stateDirectory: certrotd's own folder.
  ///   - isStart: whether nothing is in force that could stay, so that it is taken without files that are missing.
  /// - Returns: the configuration, or every mistake in it; never both.
  package static func read(
    _ main: FilePath, stateDirectory: FilePath, isStart: Bool = false
  ) -> (accepted: AcceptedConfiguration?, mistakes: [ConfigurationMistake]) {
    let files = RecordingFiles(HostConfigurationFiles())
    let reading = ConfigurationReader.read(main: main, files: files, stateDirectory: stateDirectory)
    guard let configuration = isStart ? reading.usable : reading.configuration else { return (nil, reading.mistakes) }
    let accepted = AcceptedConfiguration(
      configuration: configuration, main: main, record: files.record, warnings: reading.warnings,
      missing: reading.mistakes)
    return (accepted, [])
  }
}
