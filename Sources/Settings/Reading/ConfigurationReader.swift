// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Reads the configuration: the main file, then `conf.d/*.yaml` beside it in name order.
///
/// The daemon and `check-config` use this and nothing else. One run finds every mistake of every file.
package enum ConfigurationReader {
  /// Reads everything, with `main` as an absolute path; no output may lie in `stateDirectory`, where certrotd keeps its
  /// own files.
  package static func read(
    main: FilePath, files: some ConfigurationFiles, stateDirectory: FilePath = "/var/lib/certrotd"
  ) -> ConfigurationReading {
    var collection = EntryCollection(files: files)
    collection.addFile(main)
    collection.addFolder(dropInFolder(ofMain: main))
    var configuration = collection.readEntries(stateDirectory: stateDirectory)
    configuration.files = collection.contexts.map(\.file).filter { $0 != collection.damagedFolder }
    let found = collection.contexts.flatMap { context in
      context.mistakes.unique().sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }
    let mistakes = found.filter { $0.severity == .error }
    return ConfigurationReading(
      configuration: mistakes.isEmpty ? configuration : nil,
      usable: mistakes.allSatisfy(\.isOfMissingFile) ? configuration : nil, mistakes: mistakes,
      warnings: found.filter { $0.severity == .warning }, files: configuration.files)
  }

  /// The folder of drop-ins that belongs to a main file.
  package static func dropInFolder(ofMain main: FilePath) -> FilePath {
    main.removingLastComponent().appending("conf.d")
  }

  /// Limit for one file, in bytes.
  package static let largestFile = 1_000_000
}

/// What reading the configuration gave.
package struct ConfigurationReading: Sendable, Equatable {
  /// Nil when there is a mistake.
  package var configuration: Configuration?
  /// The same, also where nothing is wrong but that files, folders or programs which it names are missing or cannot be read
  /// now: what a start goes on with.
  package var usable: Configuration?
  /// Of all files, in the order of the files and of the places in them.
  package var mistakes: [ConfigurationMistake]
  /// Likewise, what keeps no configuration from being put in force; who checks finds more of it.
  package var warnings: [ConfigurationMistake] = []
  /// The files that were looked at, good or bad: the ones whose change is a reason to read again.
  package var files: [FilePath]
}

extension Array where Element: Hashable {
  fileprivate func unique() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
