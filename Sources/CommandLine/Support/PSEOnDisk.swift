// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import Keystores
import PSEFormat
import Rotation
import SystemPackage

/// A PSE file that a command opened, and may put another in the place of.
struct PSEOnDisk {
  let path: FilePath
  let document: PSEDocument
  /// What opened it; nil for a file that needs none.
  let pin: SecretBytes?
  private let bytes: SecretBytes
  private let files: HostFiles

  /// Opens a PSE; a PIN that no option names is asked for where somebody can be asked.
  static func open(_ file: String, _ options: PINOptions) throws -> PSEOnDisk {
    let (files, path) = (HostFiles(), FilePath(file))
    let bytes = try files.readSecretFile(path, limit: PSEFile.sizeLimit)
    var pin: SecretBytes?
    if try PSEFile(derEncoded: bytes.copyBytes()).isPINProtected {
      pin = try options.named()
      if pin == nil, SecretInput.isAttended { pin = try SecretInput.ask("PIN of \(file): ") }
      guard pin != nil else { throw Refusal("it is protected by a PIN: give --pin-file or --pin-credential") }
    }
    return PSEOnDisk(path: path, document: try .open(bytes, pin: pin), pin: pin, bytes: bytes, files: files)
  }

  /// Puts another content in the place of the file, in one step, with the owner, group and mode that it has.
  ///
  /// What is written was opened again before, and holds the same.
  func replace(with content: PSEContent, version: PSEVersion, pin: SecretBytes?) throws {
    let status = try files.linkStatus(of: path)
    guard status.kind == .regular else {
      throw Refusal("it is a symbolic link, which would be replaced instead of the file: name the file itself")
    }
    let written = try Self.encode(content, version: version, pin: pin)
    guard try files.readSecretFile(path, limit: PSEFile.sizeLimit) == bytes else {
      throw Refusal("somebody changed it meanwhile: nothing was written, try again")
    }
    try files.replaceFile(at: path, mode: status.mode, owner: status.owner, group: status.group, contents: written)
  }

  /// Makes a new file with mode 0600.
  static func create(_ file: String, _ content: PSEContent, version: PSEVersion, pin: SecretBytes?) throws {
    try HostFiles().createFile(
      at: FilePath(file), mode: .ownerReadWrite, contents: encode(content, version: version, pin: pin))
  }

  private static func encode(
    _ content: PSEContent, version: PSEVersion, pin: SecretBytes?
  ) throws -> SecretBytes {
    // The same key and vector for two contents would show where they are alike.
    let content = pin == nil ? content : try PSEDocument.salted(content)
    let written = try PSEDocument.encoded(content, version: version, pin: pin)
    guard try PSEDocument.open(written, pin: pin).content == content else {
      throw Refusal("what was made does not read back as the same; nothing was written")
    }
    return written
  }

  /// Runs the work of a command on `file`: what goes wrong is printed after the file's name, and ends with exit code 1.
  static func reporting(_ file: String, _ work: () throws -> Void) throws {
    do {
      try work()
    } catch let error as ValidationError {
      throw error
    } catch let error as ExitCode {
      throw error
    } catch let error as OtherFile {
      Output.complain("\(error.name): \(error.error)")
      throw ExitCode.fault
    } catch let error as BundleError {
      // It names its own file, and so does the next.
      Output.complain("\(error)")
      throw ExitCode.fault
    } catch let error as CredentialError {
      Output.complain("\(error)")
      throw ExitCode.fault
    } catch {
      Output.complain("\(file): \(error)")
      throw ExitCode.fault
    }
  }

  /// Does the part of a command's work that is about another file than the one that ``reporting(_:_:)`` names.
  static func about<Result>(_ name: String, _ work: () throws -> Result) throws -> Result {
    do {
      return try work()
    } catch {
      throw OtherFile(name: name, error: error)
    }
  }

  private struct OtherFile: Error {
    let name: String
    let error: any Error
  }
}
