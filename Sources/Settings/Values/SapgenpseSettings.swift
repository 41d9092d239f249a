// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// SAP's own tool for PSE files, and what it needs to run.
package struct SapgenpseSettings: Sendable, Hashable {
  package var program: FilePath
  /// The folder of its libraries.
  package var libraryPath: FilePath
  /// The folder of credentials; nil leaves the choice to who runs the tool.
  package var secudir: FilePath?
  /// How long one of its commands may take.
  package var deadline: Duration

  /// - Parameters:
  ///   - program: absolute.
  ///   - libraryPath: nil for the folder of the program.
  ///   - secudir: absolute.
  ///   - deadline: of one command.
  package init(
    program: FilePath = Self.usualProgram, libraryPath: FilePath? = nil, secudir: FilePath? = nil,
    deadline: Duration = Defaults.hookDeadline
  ) {
    self.program = program
    self.libraryPath = libraryPath ?? program.removingLastComponent()
    self.secudir = secudir
    self.deadline = deadline
  }

  /// Where SAP Host Agent has it.
  package static let usualProgram: FilePath = "/usr/sap/hostctrl/exe/sapgenpse"
}
