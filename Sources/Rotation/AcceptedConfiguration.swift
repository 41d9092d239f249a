// SPDX-License-Identifier: Apache-2.0

package import Settings
package import SystemPackage

/// A configuration without a mistake, and all that it was read from.
package struct AcceptedConfiguration: Sendable {
  package let configuration: Configuration
  /// The main file.
  package let main: FilePath
  let record: ConfigurationRecord
  /// What is likely to be meant otherwise.
  let warnings: [ConfigurationMistake]

  /// Reads the files of this host.
  ///
  /// - Parameters:
  ///   - main: the main file, absolute.
  ///   - stateDirectory: certrotd's own folder.
  /// - Returns: the configuration, or every mistake in it; never both.
  package static func read(
    _ main: FilePath, stateDirectory: FilePath
  ) -> (accepted: AcceptedConfiguration?, mistakes: [ConfigurationMistake]) {
    let files = RecordingFiles(HostConfigurationFiles())
    let reading = ConfigurationReader.read(main: main, files: files, stateDirectory: stateDirectory)
    guard let configuration = reading.configuration, reading.mistakes.isEmpty else { return (nil, reading.mistakes) }
    let accepted = AcceptedConfiguration(
      configuration: configuration, main: main, record: files.record, warnings: reading.warnings)
    return (accepted, [])
  }
}
