// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

extension Sapgenpse {
  /// Has the tool write the credentials by which a user's programs open a PSE without being asked for its PIN.
  ///
  /// It works on a copy in a new folder with mode 0700, to which it adds what it makes: so those of other files are never
  /// in danger, what it left is judged before it counts, and consumers find either all of the old credentials or all of
  /// the new ones. The PIN reaches it through its standard input, never as an argument, which every account of the host
  /// can read. Two of these must not run at the same time for one folder.
  ///
  /// - Parameters:
  ///   - arguments: the whole command, as ``loginArguments(program:pse:user:)`` has it.
  ///   - pse: the file, absolute.
  ///   - pin: its PIN.
  ///   - access: whom credentials are handed over to that did not exist; those that do keep owner, group and mode.
  ///   - parent: where the folder is made; best on a file system in memory.
  ///   - onLine: gets what the tool prints.
  /// - Returns: how that ended; a tool that ends with 0 without having written credentials has failed.
  package func login(
    _ arguments: [String], to pse: FilePath, pin: SecretBytes, access: FileOwnership, in parent: FilePath,
    onLine: @escaping @Sendable (String) -> Void
  ) async -> HookOutcome {
    let credentials = (secudir ?? pse.removingLastComponent()).appending(Self.credentialsName)
    do {
      return try await withFolder(in: parent) { folder in
        try await login(arguments, pin, inside: folder, replacing: credentials, access, onLine)
      }
    } catch let error as SystemError {
      return .failed(reason: "the credentials \(credentials) cannot be replaced: \(DeliveryError(error))")
    } catch {
      return .failed(reason: "\(error)")
    }
  }

  private func login(
    _ arguments: [String], _ pin: SecretBytes, inside folder: FilePath, replacing credentials: FilePath,
    _ access: FileOwnership, _ onLine: @escaping @Sendable (String) -> Void
  ) async throws -> HookOutcome {
    let made = folder.appending(Self.credentialsName)
    var access = access
    if let link = try files.linkStatusIfPresent(of: credentials) {
      if link.kind == .symbolicLink {
        return .failed(
          reason: """
            \(credentials) is a symbolic link to \(try files.readLink(credentials)), which would be replaced instead of the \
            file: name the folder of the file with 'secudir' under 'sapgenpse', or remove the link
            """)
      }
      // They are others' too: who may use them is not for one PSE to say.
      let status = try files.status(of: credentials)
      access = FileOwnership(owner: status.owner, group: status.group, mode: status.mode)
      let old = try files.readSecretFile(credentials, limit: Self.credentialsLimit)
      try files.createFile(at: made, mode: .ownerReadWrite, contents: old, sync: false)
    }
    let before = try files.linkStatusIfPresent(of: made)
    let spoken = SpokenLines()
    let outcome = await runner.run(
      Hook(
        arguments: arguments, environment: environment(secudir: folder), input: Self.line(of: pin), deadline: deadline)
    ) { line in
      let line = SpokenLines.masked(line, hiding: pin)
      spoken.hear(line)
      onLine(line)
    }
    switch outcome {
    case .succeeded: break
    case .timedOut: return .failed(reason: "\(outcome); it may have waited for input\(spoken.quoted)")
    case .exited, .signalled: return .failed(reason: "\(outcome)\(spoken.quoted)")
    case .cancelled, .couldNotStart, .failed: return outcome
    }
    if spoken.complainsOfPIN { return .failed(reason: "did not accept the PIN\(spoken.quoted)") }
    guard let after = try files.linkStatusIfPresent(of: made), after.kind == .regular, after.size > 0 else {
      return .failed(reason: "ended with exit status 0 and wrote no \(credentials)\(spoken.quoted)")
    }
    guard before.map({ after.isRewritten(since: $0) }) ?? true else {
      return .failed(reason: "ended with exit status 0 and left \(credentials) as it was\(spoken.quoted)")
    }
    try files.replaceFile(
      at: credentials, mode: access.mode, owner: access.owner, group: access.group,
      contents: files.readSecretFile(made, limit: Self.credentialsLimit))
    return .succeeded
  }

  private static func line(of pin: SecretBytes) -> SecretBytes {
    SecretBytes(count: pin.count + 1) { target in
      pin.withSpan { source in
        for index in source.indices { target[index] = source[index] }
      }
      target[pin.count] = UInt8(ascii: "\n")
    }
  }

  /// What the tool calls the credentials in `SECUDIR`.
  private static let credentialsName = "cred_v2"
  /// In bytes; an entry has some hundred.
  private static let credentialsLimit = 4 << 20
}

extension FileStatus {
  /// Whether somebody wrote to the file, or put another in its place.
  fileprivate func isRewritten(since before: FileStatus) -> Bool {
    inode != before.inode || size != before.size || modified != before.modified
  }
}
