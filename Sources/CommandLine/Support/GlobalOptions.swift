// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Rotation
import SystemPackage

/// Options of every command that looks at the configuration or the state.
struct GlobalOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The main configuration file.", valueName: "file"))
  var config = StateLayout.usualConfiguration.string

  @Option(help: ArgumentHelp("The folder of the ledger and the keystores.", valueName: "directory"))
  var state = StateLayout.usualRoot.string

  var configuration: FilePath { FilePath(config) }

  var layout: StateLayout { StateLayout(root: FilePath(state)) }
}

/// `--json`, of every command that lists something.
struct FormatOption: ParsableArguments {
  @Flag(help: "Prints JSON for programs; its keys stay as they are.")
  var json = false
}
