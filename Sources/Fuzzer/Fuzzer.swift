// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import FoundationEssentials
import FuzzTargets
import Glibc

/// libFuzzer's main program for one target, which `CERTROTD_FUZZ_TARGET` names; `scripts/fuzz` builds and runs it.
///
/// With `--seeds FOLDER` it only writes good inputs for that target into the folder; `--example FILE` is one of them.
@main
enum Fuzzer {
  static func main() throws {
    guard let name = ProcessInfo.processInfo.environment["CERTROTD_FUZZ_TARGET"], FuzzTarget(rawValue: name) != nil
    else {
      let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem(description: "CERTROTD_FUZZ_TARGET must be one of \(names)")
    }
    let arguments = CommandLine.arguments
    if arguments.count == 4, arguments[1] == "--seeds" {
      try writeSeeds(into: URL(filePath: arguments[2]), example: URL(filePath: arguments[3]))
      return
    }
    var count = CommandLine.argc
    var values = unsafe Optional(CommandLine.unsafeArgv)
    let status = unsafe LLVMFuzzerRunDriver(&count, &values) { data, size in
      let bytes = unsafe [UInt8](UnsafeBufferPointer(start: data, count: size))
      do {
        // A target that does not exist was refused above.
        _ = try Fuzzer.target?.run(bytes)
      } catch {
        fatalError("\(error)")
      }
      return 0
    }
    exit(status)
  }

  private static let target = FuzzTarget(
    rawValue: ProcessInfo.processInfo.environment["CERTROTD_FUZZ_TARGET"] ?? "")

  private static func writeSeeds(into folder: URL, example: URL) throws {
    guard let target else { return }
    let text = String(decoding: try Data(contentsOf: example), as: UTF8.self)
    let inputs = try FuzzSeeds(now: Date()).inputs(for: target, example: Array(text.replacing("\n#", with: "\n").utf8))
    for (index, input) in inputs.enumerated() {
      try Data(input).write(to: folder.appending(path: "seed-\(index)"))
    }
  }

  private struct Problem: Error, CustomStringConvertible {
    let description: String
  }
}
