// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
import SystemPackage

/// The process that starts simulators for all tests of this one, and ends with it: its standard input does.
actor SimulatorNursery {
  static let shared = SimulatorNursery()

  private let requests: AsyncStream<[UInt8]>
  private let request: AsyncStream<[UInt8]>.Continuation
  /// Who waits for a simulator, in the order of asking, which is that of the answers.
  private var waiting: [CheckedContinuation<[UInt8]?, Never>] = []
  private var process: Task<Void, any Error>?

  private init() { (requests, request) = AsyncStream.makeStream() }

  /// Starts a simulator.
  ///
  /// - Returns: its line of facts, with its `number`; nil when the process is gone.
  func start(_ arguments: [String]) async throws -> [UInt8]? {
    if process == nil { process = Task { try await serve() } }
    try ask(["start": arguments])
    return await withCheckedContinuation { waiting.append($0) }
  }

  /// Ends a simulator; nobody waits for it.
  func end(_ number: Int) throws { try ask(["end": number]) }

  private func ask(_ value: some Encodable) throws {
    request.yield(Array(try JSONEncoder().encode(value)) + [UInt8(ascii: "\n")])
  }

  private func serve() async throws {
    defer { tellAll() }
    _ = try await Subprocess.run(
      .path(FilePath(Simulator.program)), arguments: ["--nursery"], input: .inputWriter, output: .sequence,
      error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
    ) { [requests] execution in
      async let sending: Void = {
        for await line in requests { _ = try await execution.standardInputWriter.write(line) }
      }()
      var line: [UInt8] = []
      for try await buffer in execution.standardOutput {
        let span = Span<UInt8>(_bytes: buffer.bytes)
        for index in span.indices {
          guard span[index] == UInt8(ascii: "\n") else {
            line.append(span[index])
            continue
          }
          tell(line)
          line = []
        }
      }
      try await sending
    }
  }

  private func tell(_ line: [UInt8]) {
    guard !waiting.isEmpty else { return }
    waiting.removeFirst().resume(returning: line)
  }

  private func tellAll() {
    for one in waiting { one.resume(returning: nil) }
    waiting = []
  }
}
