// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Host
package import SystemPackage

/// SAP's own tool for PSE files, run so that it neither waits for input nor sees a secret in its arguments.
///
/// Documentation/pse-format.md, “SAP's own tool”, has its commands as far as they are known from outside.
package struct Sapgenpse: Sendable {
  private let program: FilePath
  private let libraryPath: FilePath
  let secudir: FilePath?
  let deadline: Duration
  let files: HostFiles
  let runner: HookRunner

  /// - Parameters:
  ///   - program: the tool.
  ///   - libraryPath: the folder of its libraries, for `LD_LIBRARY_PATH`.
  ///   - secudir: for `SECUDIR` while a file is made, and where credentials belong; nil for a private folder, and for the
  ///     folder of the PSE that gets credentials.
  ///   - deadline: how long one of its commands may take.
  ///   - files: how files are written and read.
  ///   - runner: how the tool is run.
  package init(
    program: FilePath, libraryPath: FilePath, secudir: FilePath?, deadline: Duration, files: HostFiles = HostFiles(),
    runner: HookRunner = HookRunner(grace: .seconds(2))
  ) {
    self.program = program
    self.libraryPath = libraryPath
    self.secudir = secudir
    self.deadline = deadline
    self.files = files
    self.runner = runner
  }

  /// Has the tool make a PSE without a PIN.
  ///
  /// Everything passes through a new folder with mode 0700 that is removed at the end.
  ///
  /// - Parameters:
  ///   - pfx: the identity, as a PKCS #12 file that opens with ``transferPassword``.
  ///   - trust: the trust list as PEM; nil for none.
  ///   - parent: where the folder is made; best on a file system in memory.
  ///   - onLine: gets what the tool prints.
  /// - Returns: the bytes of the PSE, which nobody has judged yet.
  /// - Throws: ``SapgenpseError``; `CancellationError`.
  package func makePSE(
    pfx: SecretBytes, trust: SecretBytes?, in parent: FilePath, onLine: @escaping @Sendable (String) -> Void
  ) async throws -> SecretBytes {
    do {
      return try await withFolder(in: parent) { folder in
        try await makePSE(pfx: pfx, trust: trust, inside: folder, onLine: onLine)
      }
    } catch let error as SystemError {
      throw SapgenpseError.folder(error)
    }
  }

  /// Lends `body` a new folder with mode 0700 that is removed at the end, whatever comes of it.
  func withFolder<Made: Sendable>(
    in parent: FilePath, _ body: (FilePath) async throws -> Made
  ) async throws -> Made {
    let folder = parent.appending("\(Self.folderPrefix)\(UUID().uuidString)")
    try files.makeDirectory(at: folder, mode: .ownerReadWriteExecute)
    let made = await Result { () async throws in try await body(folder) }
    try files.removeTree(at: folder)
    return try made.get()
  }

  private func makePSE(
    pfx: SecretBytes, trust: SecretBytes?, inside folder: FilePath, onLine: @escaping @Sendable (String) -> Void
  ) async throws -> SecretBytes {
    let pse = folder.appending("new.pse")
    // Without this suffix the tool looks for another file than it was told.
    let identity = folder.appending("identity.p12")
    try files.createFile(at: identity, mode: .ownerReadWrite, contents: pfx, sync: false)
    let shared = ["-p", pse.string, "-x", ""]
    let imported = shared + ["-z", Self.transferPassword, identity.string]
    try check(pse, after: "import_p12", printed: try await command("import_p12", imported, folder, onLine))
    if let trust {
      let list = folder.appending("trust.pem")
      try files.createFile(at: list, mode: .ownerReadWrite, contents: trust, sync: false)
      let added = shared + ["-m", list.string, "-y"]
      try check(pse, after: "maintain_pk", printed: try await command("maintain_pk", added, folder, onLine))
    }
    return try files.readSecretFile(pse, limit: Self.sizeLimit)
  }

  /// The command that writes credentials.
  package static func loginArguments(program: FilePath, pse: FilePath, user: String) -> [String] {
    [program.string, "seclogin", "-p", pse.string, "-O", user]
  }

  /// Removes the folders that a crash left behind, and returns what kept that from working.
  package static func removeLeftovers(in parent: FilePath, files: HostFiles) -> [SystemError] {
    do throws(SystemError) {
      for name in try files.list(parent) where name.hasPrefix(folderPrefix) {
        try files.removeTree(at: parent.appending(name))
      }
      return []
    } catch {
      return [error]
    }
  }

  /// - Returns: what it printed, as an end for a sentence.
  private func command(
    _ name: String, _ arguments: [String], _ folder: FilePath, _ onLine: @escaping @Sendable (String) -> Void
  ) async throws -> String {
    let spoken = SpokenLines()
    let outcome = await runner.run(
      Hook(
        arguments: [program.string, name] + arguments, environment: environment(secudir: secudir ?? folder),
        deadline: deadline)
    ) { line in
      spoken.hear(line)
      onLine(line)
    }
    if outcome == .cancelled { throw CancellationError() }
    if spoken.complainsOfPIN { throw SapgenpseError.wrongPIN(program, command: name, printed: spoken.quoted) }
    guard outcome == .succeeded else {
      throw SapgenpseError.command(program, command: name, outcome, printed: spoken.quoted)
    }
    return spoken.quoted
  }

  private func check(_ pse: FilePath, after name: String, printed: String) throws {
    guard try files.linkStatusIfPresent(of: pse)?.kind == .regular else {
      throw SapgenpseError.noFile(program, command: name, printed: printed)
    }
  }

  func environment(secudir: FilePath) -> [String: String] {
    ["SECUDIR": secudir.string, "LD_LIBRARY_PATH": libraryPath.string]
  }

  /// Opens the PKCS #12 file that carries an identity to the tool.
  ///
  /// It is public and guards nothing: the tool takes a password as an argument only, where everybody may read it, so the
  /// folder's mode is what protects the file for the moment that it exists. It is not empty, since programs disagree
  /// about what an empty PKCS #12 password is (RFC 7292, appendix B.1).
  package static let transferPassword = "transfer"

  private static let folderPrefix = "sapgenpse-"
  /// In bytes; what certrotd reads of a PSE at most.
  private static let sizeLimit = 4 << 20
}

extension Result where Failure == any Error, Success: Sendable {
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
