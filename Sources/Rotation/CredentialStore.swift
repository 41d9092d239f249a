// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import Host
package import Settings
package import SystemPackage

/// Reads the secrets that a configuration names by `…-credential`.
package struct CredentialStore: Sendable {
  private let folder: FilePath?
  private let files: HostFiles
  private let memory = CredentialMemory()

  /// - Parameters:
  ///   - folder: what `$CREDENTIALS_DIRECTORY` names (systemd.exec(5)); nil outside a service.
  ///   - files: how files are read.
  package init(folder: FilePath?, files: HostFiles = HostFiles()) {
    self.folder = folder
    self.files = files
  }

  /// The secret without the line break that editors put at the end.
  ///
  /// - Throws: ``CredentialError``, which names the credential and never its content.
  package func secret(_ reference: CredentialReference) throws(CredentialError) -> SecretBytes {
    guard case .file(let path) = reference else { return try read(reference) }
    do throws(CredentialError) {
      let secret = try read(reference)
      memory.note(secret, at: path)
      return secret
    } catch {
      memory.noteUnusable(at: path)
      throw error
    }
  }

  /// Whether the file holds another secret than it did when it was used first, or when this was asked last; or one that can
  /// be used, and could not before.
  ///
  /// Its time, its mode and its folder count only as far as they made it unusable.
  package func hasChanged(_ path: FilePath) -> Bool {
    do throws(CredentialError) {
      return memory.replace(with: try read(.file(path)), at: path)
    } catch {
      // With what cannot be read no attempt succeeds; whoever makes one says why.
      return false
    }
  }

  private func read(_ reference: CredentialReference) throws(CredentialError) -> SecretBytes {
    let path: FilePath
    switch reference {
    case .systemd(let name):
      guard let folder else { throw .noCredentialFolder(name: name) }
      path = folder.appending(name)
    case .file(let file):
      path = file
      try refuseOpenPermissions(of: file)
    }
    let secret: SecretBytes
    do {
      secret = Self.withoutFinalLineBreak(try files.readSecretFile(path, limit: Self.sizeLimit))
    } catch {
      throw .unreadable(reference, error)
    }
    // A file that is being written anew is empty for a moment: that must not become the password of a key.
    guard secret.count > 0 else { throw .empty(reference) }
    return secret
  }

  private func refuseOpenPermissions(of path: FilePath) throws(CredentialError) {
    do {
      let status = try files.status(of: path)
      guard status.kind == .regular else {
        throw SystemError(call: "open", path: path, errno: .invalidArgument, detail: "not a regular file")
      }
      let mode = status.mode
      guard mode.intersection([.groupReadWriteExecute, .otherReadWriteExecute]).isEmpty else {
        throw CredentialError.tooOpen(path, mode: mode)
      }
    } catch let error as SystemError {
      throw .unreadable(.file(path), error)
    } catch let error as CredentialError {
      throw error
    } catch {
      preconditionFailure("status(of:) throws SystemError only, not \(error)")
    }
  }

  private static func withoutFinalLineBreak(_ secret: SecretBytes) -> SecretBytes {
    let length = secret.withSpan { bytes in
      var length = bytes.count
      if length > 0, bytes[length - 1] == UInt8(ascii: "\n") { length -= 1 }
      if length > 0, bytes[length - 1] == UInt8(ascii: "\r") { length -= 1 }
      return length
    }
    guard length < secret.count else { return secret }
    return SecretBytes(count: length) { target in
      secret.withSpan { source in
        for index in 0..<length { target[index] = source[index] }
      }
    }
  }

  /// Far more than a password or key has, in bytes.
  private static let sizeLimit = 64 * 1024
}

/// Why a credential cannot be used.
package enum CredentialError: Error, Sendable {
  case noCredentialFolder(name: String)
  case unreadable(CredentialReference, SystemError)
  case tooOpen(FilePath, mode: FilePermissions)
  case empty(CredentialReference)
}

extension CredentialError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noCredentialFolder(let name):
      "the credential \(name) cannot be read, since $CREDENTIALS_DIRECTORY is not set: add LoadCredential=\(name):FILE to the unit, or name an absolute file"
    case .unreadable(let reference, let error):
      "the credential \(reference) cannot be read: \(error)"
    case .empty(let reference):
      "the credential \(reference) is empty, which is no secret: write the password or PIN into it"
    case .tooOpen(let path, let mode):
      "the credential file \(path) has mode 0\(String(mode.rawValue, radix: 8)) and may be read by others: chmod 0600 \(path)"
    }
  }

  /// What is wrong, with what to do about it.
  package var sentence: String {
    guard case .unreadable(_, let error) = self else { return description }
    return switch error.errno {
    case .noSuchFileOrDirectory: "\(self); put it back, with mode 0600"
    case .permissionDenied: "\(self); give it to the user of the service, with mode 0600"
    default: "\(self); repair that"
    }
  }

  /// Who is at fault: the configuration names something that is not there or not safe.
  package var culprit: Culprit { .configuration }
}
