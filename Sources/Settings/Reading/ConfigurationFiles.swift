// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// What the reader needs from the file system, so that it can be tested without one.
package protocol ConfigurationFiles: Sendable {
  /// The whole content of a regular file, following symbolic links; one of more than `limit` bytes is refused with
  /// `FileProblem.tooLarge`.
  func read(_ path: FilePath, limit: Int) throws(FileProblem) -> [UInt8]

  /// The names in a folder, in any order, without `.` and `..`.
  func list(_ directory: FilePath) throws(FileProblem) -> [String]

  /// Kind and permissions of what a path leads to.
  func facts(of path: FilePath) throws(FileProblem) -> FileFacts

  /// Throws when this process may not read the file or list the folder.
  func checkReadable(_ path: FilePath) throws(FileProblem)

  /// Where a folder that is named by an absolute path really is; nil where that cannot be told.
  func place(ofFolder path: FilePath) -> FolderPlace?

  /// Whether two files hold the same secret, as far as this process may read them.
  func holdSameSecret(_ left: FilePath, _ right: FilePath) -> Bool

  /// What is wrong with what a key names, as far as its content or the accounts of this host tell; nil where nothing is.
  ///
  /// For who checks, rather than for a daemon, which tells of it when it works with the file.
  func flaw(of thing: NamedThing) -> String?

  /// Whether a file that may come later has to be readable once it is there: for who checks, rather than for a daemon that
  /// goes on without it.
  var expectedFilesMustBeReadable: Bool { get }
}

extension ConfigurationFiles {
  package var expectedFilesMustBeReadable: Bool { false }

  package func place(ofFolder path: FilePath) -> FolderPlace? { nil }

  package func holdSameSecret(_ left: FilePath, _ right: FilePath) -> Bool { false }

  package func flaw(of thing: NamedThing) -> String? { nil }
}

/// What a key names besides a file that is there and readable.
package enum NamedThing: Sendable, Hashable {
  /// A file, or a folder of files, of trusted certificates.
  case bundle(FilePath)
  /// The certificates of an identity.
  case certificates(FilePath)
  /// The private key of an identity.
  case key(FilePath, passphrase: CredentialReference?)
  /// Both, each without a flaw: whether they belong together.
  case identity(PEMIdentityFiles)
  /// Both, belonging together: whether the certificate can be used.
  case leaf(PEMIdentityFiles)
  /// A file that holds a password, a PIN or another secret.
  case secret(FilePath)
  case user(String)
  case group(String)
  /// A binding of a Service Manager; a service key may renew its certificate, so that the one in it may have ended.
  case binding(CredentialReference, isRenewed: Bool)
  /// A client certificate with its private key, to log in with.
  case login(CredentialReference)
}

/// What the reader wants to know about a file.
package struct FileFacts: Sendable, Hashable, Codable {
  package var kind: Kind
  /// Permission bits, such as 0o600.
  package var mode: UInt16

  package init(kind: Kind, mode: UInt16) {
    self.kind = kind
    self.mode = mode
  }

  package enum Kind: String, Sendable, Hashable, Codable {
    case file
    case directory
    /// A device, a socket, a pipe.
    case other
  }

  /// What completes a sentence that begins with the path, where others than owner and group may use a private key in the
  /// file; nil where they may not.
  package var exposure: String? {
    let acts = [(0o004, "read"), (0o002, "replace")].filter { mode & $0.0 != 0 }.map(\.1)
    guard !acts.isEmpty else { return nil }
    return
      "has mode 0\(String(mode, radix: 8)): everybody on this host may \(acts.joined(separator: " and ")) its private key"
  }
}

/// Why a file could not be used.
package enum FileProblem: Error, Sendable, Hashable {
  case missing
  case notPermitted
  /// Not permitted, and it is known to whom and why.
  case refused(FileRefusal)
  /// Neither a regular file nor, where one is wanted, a folder.
  case wrongKind
  case tooLarge(limit: Int)
  /// Anything else, in the kernel's words.
  case failed(String)
}

extension FileProblem {
  /// Whether the file may be there, and readable, at another time.
  var mayPass: Bool {
    switch self {
    case .missing, .notPermitted, .refused, .failed: true
    case .wrongKind, .tooLarge: false
    }
  }
}

extension FileProblem: CustomStringConvertible {
  /// Completes a sentence that begins with the path.
  package var description: String {
    switch self {
    case .missing: "does not exist"
    case .notPermitted: "may not be read by this account"
    case .refused(let refusal): refusal.sentence(mustBeClosed: false)
    case .wrongKind: "is no regular file"
    case .tooLarge(let limit): "is larger than \(limit) bytes"
    case .failed(let reason): "cannot be read: \(reason)"
    }
  }
}
