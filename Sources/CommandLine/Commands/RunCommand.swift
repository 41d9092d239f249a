// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Host
import Journal
import Logging
import Rotation
import SystemPackage

/// `certrotd run`: the daemon.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs the daemon.",
    discussion: HelpText.flowing(
      """
      Runs in the foreground until SIGTERM or SIGINT, reloads the configuration on SIGHUP, and tells
      systemd when it is ready (Type=notify, WatchdogSec=). Under systemd it logs to the journal with
      fields, elsewhere to standard error.

      EXIT CODES: 0 after SIGTERM, 1 when it cannot go on, 78 when the configuration has mistakes.

      EXAMPLES:
        systemctl start certrotd
        certrotd run --config ./certrotd.yaml --state ./state
      """))

  @OptionGroup var options: GlobalOptions

  @Flag(help: "Also says what is of interest to developers only.")
  var verbose = false

  func run() async throws {
    // First of all: a signal that nobody has taken yet ends the process.
    let signals = await ProcessSignals.take()
    let level: Logger.Level = verbose ? .debug : .info
    let logger = LogDestination.current().logger(label: "certrotd", level: level)
    ProcessMemory.limitArenas()
    ProcessLimits.ignoreBrokenPipes()
    do {
      _ = try ProcessLimits.raiseDescriptorLimit()
      let environment = ProcessInfo.processInfo.environment
      let folder = environment["CREDENTIALS_DIRECTORY"].map { FilePath($0).fromWorkingFolder }
      let scratch = ScratchFolder(environment: environment)
      let layout = options.layout(
        runtime: scratch.runtime, scratch: scratch.make(for: options.layout.root, logger: logger))
      defer { ScratchFolder.discard(layout, logger: logger) }
      let daemon = Daemon(
        configuration: options.configuration, layout: layout,
        credentialsFolder: folder,
        clock: SystemWallClock(), logger: logger, notifier: ServiceManagerNotifier(logger: logger),
        version: Version.text)
      do {
        try await daemon.run(obeying: signals)
      } catch let error as StartError {
        guard case .configuration = error else { throw ExitCode.fault }
        logger.critical("certrotd cannot go on: \(error)")
        throw ExitCode.configuration
      } catch {
        // The daemon has told it.
        throw ExitCode.fault
      }
    } catch let code as ExitCode {
      throw code
    } catch {
      logger.critical("certrotd cannot go on: \(error)")
      throw ExitCode.fault
    }
  }
}
