// SPDX-License-Identifier: Apache-2.0

import Delivery
import Glibc
import Host
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct HookRunnerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock(\.self) }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
  }

  /// Runs a shell script as a hook.
  private func run(
    _ script: String, arguments: [String] = [], environment: [String: String] = [:],
    deadline: Duration = .seconds(600), onLine: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> (outcome: HookOutcome, lines: [String]) {
    let path = folder.file("hook")
    try HostFiles().replaceFile(
      at: path, mode: .ownerReadWriteExecute, contents: SecretBytes(copying: "#!/bin/sh\n\(script)\n".utf8))
    let lines = Lines()
    let outcome = await HookRunner(grace: .milliseconds(100)).run(
      Hook(arguments: [path.string] + arguments, environment: environment, deadline: deadline)
    ) { line in
      lines.append(line)
      onLine(line)
    }
    return (outcome, lines.all)
  }

  @Test func givesArgumentsAMinimalEnvironmentAndNoInput() async throws {
    let result = try await run(
      #"echo "[$1] [$2]"; pwd; env | grep -v -e ^_= -e ^PWD= -e ^SHLVL= -e ^OLDPWD= | sort; wc -c"#,
      arguments: ["a b", "$HOME;"], environment: ["CERTROTD_KEYSTORE": "x"])
    #expect(result.outcome == .succeeded)
    #expect(
      result.lines == [
        "[a b] [$HOME;]", "/", "CERTROTD_KEYSTORE=x", "LANG=C.UTF-8",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "0",
      ])
  }

  @Test func tellsExitStatusAndSignal() async throws {
    #expect(try await run("exit 3").outcome == .exited(code: 3))
    #expect(try await run("kill -9 $$").outcome == .signalled(SIGKILL))
  }

  @Test func signalsHaveTheirUsualEffect() async throws {
    ProcessLimits.ignoreBrokenPipes()
    let lines = try await run("grep -e SigIgn -e SigBlk /proc/self/status").lines
    try #require(lines.count == 2)
    for line in lines {
      let signals = try #require(line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
      // Bit 0 is signal 1; those of glibc's own, 32 and 33, are nobody's business (signal(7), nptl(7)).
      #expect(signals & 0x7FFF_FFFF == 0, "\(line)")
    }
  }

  @Test func bothOutputsComeInOrder() async throws {
    #expect(try await run("echo one; echo two >&2; printf three").lines == ["one", "two", "three"])
  }

  @Test func linesAreShortFewAndPlain() async throws {
    let result = try await run(
      #"printf 'a\033[31mb\tc\r\n'; printf '\377\n'; head -c 5000 /dev/zero | tr '\0' x; echo; seq 1000"#)
    #expect(result.outcome == .succeeded)
    #expect(result.lines.prefix(2) == ["a\\u{1b}[31mb\tc", "\u{FFFD}"])
    #expect(result.lines[2] == String(repeating: "x", count: 1024) + "…")
    #expect(result.lines.count == 201)
    #expect(result.lines.last == "… (only the first 200 lines are kept)")
  }

  @Test func isEndedAtItsDeadline() async throws {
    #expect(try await run("sleep 1000", deadline: .milliseconds(50)).outcome == .timedOut)
    #expect(try await run("exec >&- 2>&-; sleep 1000", deadline: .milliseconds(50)).outcome == .timedOut)
  }

  @Test func isKilledWhenItDoesNotListen() async throws {
    let result = try await run(
      "trap '' TERM; echo ready; while :; do sleep 0.01; done", deadline: .milliseconds(200))
    #expect(result.outcome == .timedOut)
  }

  /// The child is in the hook's process group, so that ending the hook ends it too.
  @Test func whatItStartedEndsWithIt() async throws {
    let (lines, report) = AsyncStream<String>.makeStream()
    let task = Task { try await run("sleep 1000 & echo $!; wait") { report.yield($0) }.outcome }
    var first = lines.makeAsyncIterator()
    let child = try #require(await first.next().flatMap { Int32($0) })
    task.cancel()
    #expect(try await task.value == .cancelled)
    // A dead process that nobody has waited for still has an entry, whose state is Z.
    let state = try? HostFiles().readFile(FilePath("/proc/\(child)/stat"), limit: 4096)
    #expect(state.map { String(decoding: $0, as: UTF8.self).contains(") Z ") } ?? true)
  }

  @Test func doesNotWaitForWhatRunsOnInTheBackground() async throws {
    let result = try await run("sleep 1000 & echo $!")
    #expect(result.outcome == .succeeded)
    let child = try #require(result.lines.first.flatMap { Int32($0) })
    #expect(kill(child, SIGKILL) == 0, "it was left running")
  }

  @Test func endsWhenItsTaskIsCancelled() async throws {
    let (started, report) = AsyncStream<String>.makeStream()
    let task = Task { try await run("echo started; sleep 1000") { report.yield($0) }.outcome }
    for await _ in started { break }
    task.cancel()
    #expect(try await task.value == .cancelled)
  }

  @Test func saysWhyItCouldNotStart() async throws {
    let runner = HookRunner()
    func reason(_ arguments: [String]) async -> String? {
      let outcome = await runner.run(Hook(arguments: arguments, deadline: .seconds(600))) { _ in }
      guard case .couldNotStart(let reason) = outcome else { return nil }
      return reason
    }
    #expect(await reason([]) == "“” is not the absolute path of a program")
    #expect(await reason(["sh", "-c", "exit 0"]) == "“sh” is not the absolute path of a program")
    #expect(await reason(["/bin/echo", "a\0b"]) == "an argument contains a zero byte")
    #expect(await reason([folder.file("absent").string])?.contains("absent") == true)
    try folder.write("plain", "#!/bin/sh\n")
    #expect(await reason([folder.file("plain").string]) != nil)
  }
}
