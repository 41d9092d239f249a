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
    if try isPINProtected(bytes) {
      pin = try options.named()
      if pin == nil, SecretInput.isAttended { pin = try SecretInput.ask("PIN of \(file): ") }
      guard pin != nil else { throw Refusal("it is protected by a PIN: give --pin-file or --pin-credential") }
    }
    return PSEOnDisk(path: path, document: try .open(bytes, pin: pin), pin: pin, bytes: bytes, files: files)
  }

  private static func isPINProtected(_ bytes: SecretBytes) throws -> Bool {
    do {
      return try PSEFile(derEncoded: bytes.copyBytes()).isPINProtected
    } catch {
      switch error {
      case .malformed, .unknownVersion:
        guard let kind = FileKind(bytes) else { throw error }
        throw Refusal(kind.adviceForPSE)
      default: throw error
      }
    }
  }

  /// Lends `work` a PSE that no other command of certrotd changes meanwhile, so that no change is lost.
  ///
  /// - Parameters:
  ///   - file: The PSE; its folder is locked.
  ///   - options: Name the PIN, which is asked for before anything is locked.
  ///   - limit: How long to wait for the others.
  ///   - work: Reads and replaces the file.
  /// - Throws: ``Refusal`` when another command takes longer than `limit`.
  static func changing(
    _ file: String, _ options: PINOptions, within limit: Duration = .seconds(30), _ work: (PSEOnDisk) throws -> Void
  ) throws {
    try changing(file, options, within: limit, asking: {}) { pse, _ in try work(pse) }
  }

  /// The same with something that a person is asked for after the PIN, and before anything is locked.
  static func changing<Answer>(
    _ file: String, _ options: PINOptions, within limit: Duration = .seconds(30), asking ask: () throws -> Answer,
    _ work: (PSEOnDisk, Answer) throws -> Void
  ) throws {
    let seen = try open(file, options)
    let answer = try ask()
    guard let lock = try FileLock.acquire(onFolder: seen.path.removingLastComponent(), within: limit) else {
      throw Refusal(
        "another program has locked its folder for more than \(limit.components.seconds) s: nothing was changed, try again"
      )
    }
    defer { withExtendedLifetime(lock) {} }
    let bytes = try seen.files.readSecretFile(seen.path, limit: PSEFile.sizeLimit)
    let document = try PSEDocument.open(bytes, pin: seen.pin)
    try work(
      PSEOnDisk(
        path: seen.path, document: document, pin: document.isPINProtected ? seen.pin : nil, bytes: bytes,
        files: seen.files), answer)
  }

  /// Puts another content in the place of the file, in one step, with the owner, group, mode, access list and attributes
  /// that it has.
  ///
  /// What is written was opened again before, and holds the same. For a PSE of ``changing(_:_:within:_:)``.
  func replace(with content: PSEContent, version: PSEVersion, pin: SecretBytes?) throws {
    let status = try files.linkStatus(of: path)
    guard status.kind == .regular else {
      throw Refusal("it is a symbolic link, which would be replaced instead of the file: name the file itself")
    }
    let written = try Self.encode(content, version: version, pin: pin)
    guard try files.readSecretFile(path, limit: PSEFile.sizeLimit) == bytes else {
      throw Refusal("somebody changed it meanwhile: nothing was written, try again")
    }
    do throws(SystemError) {
      try files.replaceFile(
        at: path, mode: status.mode, owner: status.owner, group: status.group, attributes: files.attributes(of: path),
        contents: written)
    } catch {
      throw Self.refusal(error, status) ?? error
    }
  }

  /// What to say of a failure that comes from the rights of this account; nil for any other.
  private static func refusal(_ error: SystemError, _ status: FileStatus) -> (any Error)? {
    if error.call == "fchown", error.errno == .notPermitted {
      return Refusal(
        """
        it belongs to user \(status.owner) and group \(status.group), and only that user or root can put a file of the \
        same owner in its place: nothing was changed, run the command as one of them
        """)
    }
    guard error.errno == .permissionDenied else { return nil }
    return Refusal(
      "this account may not make files in its folder, which changing it takes (\(error)): nothing was changed")
  }

  /// Makes a new file with mode 0600.
  static func create(_ file: String, _ content: PSEContent, version: PSEVersion, pin: SecretBytes?) throws {
    let bytes = try encode(content, version: version, pin: pin)
    try NewFiles.write([NewFiles.File(path: file, bytes: bytes, isSecret: true)])
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

  /// Runs the work of a command on `file`: what goes wrong is told with the file's name before it.
  ///
  /// - Throws: ``ToldFailure``; a `ValidationError` and an `ExitCode` as they are.
  static func reporting(_ file: String, _ work: () throws -> Void) throws {
    do {
      try work()
    } catch let error as ValidationError {
      throw error
    } catch let error as ExitCode {
      throw error
    } catch let error as OtherFile {
      throw ToldFailure("\(error.name): \(error.error)")
    } catch let error as BundleError {
      // It names its own file, and so does the next.
      throw ToldFailure("\(error)")
    } catch let error as CredentialError {
      throw ToldFailure("\(error)")
    } catch {
      throw ToldFailure("\(file): \(error)")
    }
  }

  /// Does the part of a command's work that is about another file than the one that ``reporting(_:_:)`` names.
  static func about<Result>(_ name: String, _ work: () throws -> Result) throws -> Result {
    do {
      return try work()
    } catch let error as OtherFile {
      throw error
    } catch let error as BundleError {
      throw error
    } catch let error as CredentialError {
      throw error
    } catch {
      throw OtherFile(name: name, error: error)
    }
  }

  private struct OtherFile: Error {
    let name: String
    let error: any Error
  }
}
