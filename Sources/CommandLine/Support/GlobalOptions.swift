// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Rotation
import SystemPackage

/// Options of every command that looks at the configuration or the state.
struct GlobalOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The main configuration file.", valueName: "file"))
  var config = StateLayout.usualConfiguration.string

  @Option(help: ArgumentHelp("The folder of the ledger and the keystores.", valueName: "directory"))
  var state = StateLayout.usualRoot.string

  @Option(
    help: ArgumentHelp(
      "The folder of the control socket; /run/certrotd, or the one of --state where that is given.",
      valueName: "directory"))
  var runtime: String?

  var configuration: FilePath { FilePath(config).fromWorkingFolder }

  var layout: StateLayout { layout(runtime: nil, scratch: nil) }

  /// Where state is kept, with `scratch` for files of a moment; `runtime` is what holds where `--runtime` is not given.
  func layout(runtime: FilePath?, scratch: FilePath?) -> StateLayout {
    StateLayout(
      root: FilePath(state).fromWorkingFolder, runtime: self.runtime.map { FilePath($0).fromWorkingFolder } ?? runtime,
      scratch: scratch)
  }
}

extension FilePath {
  /// The path as it reads from `/`, where hooks and SAP's own tool start.
  ///
  /// What lies behind a `..` stays as it is: the kernel may see a symbolic link there.
  var fromWorkingFolder: FilePath {
    let whole = FilePath(FileManager.default.currentDirectoryPath).pushing(self)
    return FilePath(root: whole.root, whole.components.filter { $0.kind != .currentDirectory })
  }
}

/// `--json`, of every command that lists something.
struct FormatOption: ParsableArguments {
  @Flag(help: "Prints JSON for programs; its keys stay as they are.")
  var json = false
}
