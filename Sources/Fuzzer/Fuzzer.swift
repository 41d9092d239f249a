// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzTargets
import Glibc

/// What libFuzzer, whose own `main` this program has (https://llvm.org/docs/LibFuzzer.html), calls for one target.
///
/// `scripts/fuzz` builds and runs it. `CERTROTD_FUZZ_TARGET` names the target. With `CERTROTD_FUZZ_SEEDS=FOLDER` it only
/// writes good inputs of that target into the folder; the file that `CERTROTD_FUZZ_EXAMPLE` names is one of them.
enum Fuzzer {
  static let target: FuzzTarget = {
    guard let target = FuzzTarget(rawValue: variable("CERTROTD_FUZZ_TARGET") ?? "") else {
      fatalError("CERTROTD_FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
  }()

  static func writeSeedsIfAsked() throws {
    guard let folder = variable("CERTROTD_FUZZ_SEEDS"), let example = variable("CERTROTD_FUZZ_EXAMPLE") else { return }
    let text = String(decoding: try Data(contentsOf: URL(filePath: example)), as: UTF8.self)
    // With the commented lines of YAML switched on.
    let inputs = try FuzzSeeds(now: Date()).inputs(for: target, example: Array(text.replacing("\n#", with: "\n").utf8))
    for (index, input) in inputs.enumerated() {
      try Data(input).write(to: URL(filePath: folder).appending(path: "seed-\(index)"))
    }
    exit(0)
  }

  private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}

@_cdecl("LLVMFuzzerInitialize")
func initialize(_ count: UnsafeMutableRawPointer?, _ values: UnsafeMutableRawPointer?) -> CInt {
  do {
    try Fuzzer.writeSeedsIfAsked()
  } catch {
    fatalError("\(error)")
  }
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  do {
    _ = try Fuzzer.target.run(unsafe [UInt8](UnsafeBufferPointer(start: data, count: size)))
  } catch {
    // A trap is how libFuzzer learns of a finding.
    fatalError("\(error)")
  }
  return 0
}
