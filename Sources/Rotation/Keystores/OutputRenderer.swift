// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import FoundationEssentials
import Host
import Keystores
import Logging
import OpenSSLBridge
import Settings
import SystemPackage

/// Makes the bytes of a keystore's outputs: in this process, or by SAP's own tool where the configuration says so.
struct OutputRenderer: Sendable {
  private let context: RotationContext
  private let runner: HookRunner

  /// - Parameters:
  ///   - context: what every step needs.
  ///   - runner: gives the tool two seconds to end by itself, so that the daemon ends within its five.
  init(context: RotationContext, runner: HookRunner = HookRunner(grace: .seconds(2))) {
    self.context = context
    self.runner = runner
  }

  /// The files of each output, in the order of `outputs`.
  ///
  /// - Throws: ``RenderingError`` for what cannot be written, `SapgenpseError` for what the tool did not do or did wrong,
  ///   `CancellationError`.
  func render(
    _ outputs: [KeystoreOutput], _ content: KeystoreContent, of keystore: String, now: Date
  ) async throws -> [[RenderedFile]] {
    var rendered: [[RenderedFile]] = []
    for output in outputs {
      guard let tool = output.tool else {
        do throws(KeystoreError) {
          rendered.append(try KeystoreWriter.render(output.format, content, now: now))
        } catch {
          throw RenderingError(path: output.path, format: output.format, error: error)
        }
        continue
      }
      rendered.append([try await made(by: tool, content, of: keystore, now: now)])
    }
    return rendered
  }

  private func made(
    by settings: SapgenpseSettings, _ content: KeystoreContent, of keystore: String, now: Date
  ) async throws -> RenderedFile {
    let options = FileFormat.PFXOptions(
      password: SecretBytes(copying: Sapgenpse.transferPassword.utf8), profile: .legacy, alias: keystore)
    // What older builds of the tool read; newer ones read it too.
    let pfx = try KeystoreWriter.render(.pfx(options), content, now: now)
    let trust = Array(content.trust.map { PEMBlock($0).text }.joined().utf8)
    let bytes = try await Sapgenpse(settings, files: context.files, runner: runner).makePSE(
      pfx: pfx[0].bytes, trust: trust.isEmpty ? nil : SecretBytes(copying: trust), in: context.layout.scratch
    ) { line in
      context.logger.debug("\(line)", metadata: ["keystore": .string(keystore), "tool": "sapgenpse"])
    }
    let file = RenderedFile(bytes: bytes, holdsSecret: true)
    try judge(file, by: settings, content, now: now)
    return file
  }

  /// What the tool made is judged once more with all other files; here its faults have its name.
  private func judge(
    _ file: RenderedFile, by settings: SapgenpseSettings, _ content: KeystoreContent, now: Date
  ) throws(SapgenpseError) {
    let faults: [KeystoreFault]
    do {
      let read = try KeystoreReader.read(.pse(), [file])
      faults = KeystoreJudge.judge(read, wanted: content, endpointChains: [], now: now)
    } catch {
      throw .unusable(settings.program, reason: error.description)
    }
    guard faults.isEmpty else {
      throw .unusable(settings.program, reason: faults.summary)
    }
  }
}

/// The bytes of a file cannot be made of what it is to hold.
struct RenderingError: Error, CustomStringConvertible {
  let path: OutputPath
  let format: FileFormat
  let error: KeystoreError

  var description: String { "\(path): \(error.sentence(writing: format))" }
}

extension Sapgenpse {
  init(_ settings: SapgenpseSettings, files: HostFiles, runner: HookRunner) {
    self.init(
      program: settings.program, libraryPath: settings.libraryPath, secudir: settings.secudir,
      deadline: settings.deadline, files: files, runner: runner)
  }
}
