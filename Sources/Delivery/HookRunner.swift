// SPDX-License-Identifier: Apache-2.0

package import Host
import Subprocess
import SystemPackage

/// A program to run after the files of a keystore have changed.
package struct Hook: Sendable, Equatable {
  /// The absolute path of the program and its arguments; there is no shell.
  package var arguments: [String]
  /// What the program is told, such as `CERTROTD_KEYSTORE`, besides a fixed `PATH` and `LANG`.
  package var environment: [String: String]
  /// All that it can read from its standard input, at most 4,096 bytes; nil for nothing.
  package var input: SecretBytes?
  /// How long it may take.
  package var deadline: Duration

  package init(
    arguments: [String], environment: [String: String] = [:], input: SecretBytes? = nil, deadline: Duration
  ) {
    self.arguments = arguments
    self.environment = environment
    self.input = input
    self.deadline = deadline
  }
}

/// How a hook ended.
package enum HookOutcome: Sendable, Equatable {
  /// Exit status 0.
  case succeeded
  /// Another exit status.
  case exited(code: Int32)
  /// A signal that somebody else sent it, or that it brought upon itself.
  case signalled(Int32)
  /// It was ended because its deadline was over.
  case timedOut
  /// It was ended because the task that ran it was cancelled.
  case cancelled
  /// It never ran.
  case couldNotStart(reason: String)
  /// It ended, and what it was run for is not done.
  case failed(reason: String)
}

extension HookOutcome: CustomStringConvertible {
  /// A clause that goes on from “the hook”.
  package var description: String {
    switch self {
    case .succeeded: "succeeded"
    case .exited(let code): "ended with exit status \(code)"
    case .signalled(let number): "was ended by signal \(number)"
    case .timedOut: "took too long and was ended"
    case .cancelled: "was ended because certrotd stops"
    case .couldNotStart(let reason): "could not be started: \(reason)"
    case .failed(let reason): reason
    }
  }
}

/// Runs hooks and other programs: no shell, a minimal environment, no input unless there is a secret to give, a deadline.
package struct HookRunner: Sendable {
  private let grace: Duration
  private let clock: any Clock<Duration>

  /// Makes a runner.
  ///
  /// - Parameters:
  ///   - grace: How long a hook has between SIGTERM and SIGKILL.
  ///   - clock: What the deadline is measured on.
  package init(grace: Duration = .seconds(5), clock: any Clock<Duration> = ContinuousClock()) {
    self.grace = grace
    self.clock = clock
  }

  /// Runs a hook to its end, and hands over what it prints, on both of its outputs, line by line.
  ///
  /// Lines are cut at 1,024 bytes and 200 lines, and their control characters are escaped. The hook gets a session of
  /// its own; at the deadline, or when the task is cancelled, all of its process group gets SIGTERM, and SIGKILL after
  /// the grace. What a hook leaves running in the background is not waited for, even when it keeps the output open.
  package func run(_ hook: Hook, onLine: @escaping @Sendable (String) -> Void) async -> HookOutcome {
    guard let path = hook.arguments.first, FilePath(path).isAbsolute else {
      return .couldNotStart(reason: "“\(hook.arguments.first ?? "")” is not the absolute path of a program")
    }
    let words = hook.arguments + hook.environment.flatMap { [$0.key, $0.value] }
    if words.contains(where: { $0.utf8.contains(0) }) {
      return .couldNotStart(reason: "an argument contains a zero byte")
    }
    return await withTaskGroup(of: HookOutcome.self) { group in
      group.addTask { await execute(hook, FilePath(path), onLine) }
      group.addTask {
        do {
          try await clock.sleep(for: hook.deadline)
          return .timedOut
        } catch {
          return .cancelled
        }
      }
      let first = await group.next() ?? .cancelled
      // Cancelling takes down the other of the two: the timer, or the hook, which is waited for.
      group.cancelAll()
      await group.waitForAll()
      return first
    }
  }

  private func execute(
    _ hook: Hook, _ path: FilePath, _ onLine: @escaping @Sendable (String) -> Void
  ) async -> HookOutcome {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: grace)]
    let fixed = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
    let environment = hook.environment.merging(fixed) { given, _ in given }
    let arguments = Arguments(Array(hook.arguments.dropFirst()))
    let variables = Environment.custom(
      Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) }))
    do {
      guard let secret = hook.input else {
        return try await launch(path, arguments, variables, options, input: .none, onLine)
      }
      let pipe = try SecretPipe(holding: secret)
      return try await launch(
        path, arguments, variables, options,
        input: .fileDescriptor(FileDescriptor(rawValue: pipe.readEnd.rawValue), closeAfterSpawningProcess: false),
        onLine)
    } catch is CancellationError {
      return .cancelled
    } catch {
      return .couldNotStart(reason: "\(error)")
    }
  }

  private func launch(
    _ path: FilePath, _ arguments: Arguments, _ environment: Environment, _ options: PlatformOptions,
    input: some InputProtocol, _ onLine: @escaping @Sendable (String) -> Void
  ) async throws -> HookOutcome {
    let result = try await Subprocess.run(
      .path(path), arguments: arguments, environment: environment, workingDirectory: "/", platformOptions: options,
      input: input, output: .sequence, error: .combinedWithOutput
    ) { execution in
      var output = HookOutput()
      for try await buffer in execution.standardOutput {
        for line in output.take(Span(_bytes: buffer.bytes)) { onLine(line) }
      }
      if let line = output.finish() { onLine(line) }
    }
    return switch result.terminationStatus {
    case .exited(0): .succeeded
    case .exited(let code): .exited(code: code)
    case .signaled(let number): .signalled(number)
    }
  }
}
