// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Keystores
import Ledger
import OpenSSLBridge
import PSEFormat
import Planning
import Settings
import SystemPackage

/// A PSE of others, read and found fit to be taken over.
struct AdoptedPSE: Sendable {
  let content: KeystoreContent
  let form: AdoptedFile
  /// Issuers that the file lacked.
  let added: [Certificate]
  /// The whole file.
  let bytes: SecretBytes
  /// What else the configuration calls the file.
  let otherNames: Set<FilePath>

  /// Reads the file, completes the chain of its identity, and makes sure that what takes its place would lack nothing and
  /// be protected no less.
  ///
  /// - Throws: ``AdoptionRefusal``, `KeystoreError`, `CredentialError`, `SystemError`.
  static func read(
    _ adopt: AdoptionSettings, of keystore: KeystoreSettings, issuers pool: IssuerPool, credentials: CredentialStore,
    files: HostFiles
  ) async throws -> AdoptedPSE {
    let finder = AdoptedFileFinder(files: files)
    let otherNames = finder.otherNames(of: adopt.file, among: keystore.files)
    let places = keystore.files.compactMap(\.outsidePSE).filter { $0 == adopt.file || otherNames.contains($0) }
    if let link = try finder.link(among: places) { throw AdoptionRefusal.link(link.path, to: link.target) }
    let pin = try adopt.pin.map { try credentials.secret($0) }
    let status = try files.status(of: adopt.file)
    let bytes = try files.readSecretFile(adopt.file, limit: sizeLimit)
    let document = try PSEDocument.open(bytes, pin: pin)
    let read = try document.read()
    let (identity, added) = try await identity(in: read, completing: pool)
    let losses = document.losses(in: read, identity: identity, besides: adopt.without)
    guard losses.isEmpty else { throw AdoptionRefusal.losses(losses) }
    let found = AdoptedPSE(
      content: KeystoreContent(identity: identity, trust: read.trust, kept: read.kept),
      form: AdoptedFile(
        version: document.version.rawValue, hasPIN: document.isPINProtected, owner: status.owner, group: status.group,
        mode: UInt16(truncatingIfNeeded: status.mode.rawValue) & 0o777), added: added, bytes: bytes,
      otherNames: otherNames)
    try found.check(keystore.files, replacing: places)
    return found
  }

  private static func identity(
    in read: ReadKeystore, completing pool: IssuerPool
  ) async throws -> (Identity?, added: [Certificate]) {
    guard let key = read.key, let leaf = read.certificate else { return (nil, []) }
    var issuers = ChainCompletion.issuers(of: leaf, own: read.issuers, known: [])
    if !(issuers.last ?? leaf).isSelfIssued {
      issuers = ChainCompletion.issuers(of: leaf, own: read.issuers + read.trust, known: await pool.certificates())
    }
    let last = issuers.last ?? leaf
    guard last.isSelfIssued else { throw AdoptionRefusal.issuerMissing(of: last) }
    let added = issuers.filter { !read.issuers.contains($0) }
    return (Identity(certificate: leaf, key: key, issuers: issuers), added)
  }

  /// Whether the files of the keystore can be what this one was.
  private func check(_ files: [FileSettings], replacing places: [FilePath]) throws(AdoptionRefusal) {
    for file in files {
      guard case .pse(let pse) = file.format else { continue }
      if pse.writer == .sapgenpse, !content.kept.isEmpty { throw .objectsForTheTool(content.kept.names) }
      if pse.writer == .sapgenpse, form.hasPIN, !pse.isWithoutPIN { throw .pinForTheTool }
      guard let path = file.outsidePSE, places.contains(path) else { continue }
      if content.identity != nil, file.mode == nil, form.mode & 0o007 != 0 { throw .openToOthers(mode: form.mode) }
    }
  }

  /// In bytes; what certrotd reads of a PSE at most.
  private static let sizeLimit = 4 << 20
}

/// What stands against taking over a PSE though it can be read.
enum AdoptionRefusal: Error, Sendable, Hashable {
  case losses([String])
  case issuerMissing(of: Certificate)
  case objectsForTheTool([String])
  case pinForTheTool
  case openToOthers(mode: UInt16)
  case link(FilePath, to: FilePath)
}

extension AdoptionRefusal: CustomStringConvertible {
  var description: String {
    switch self {
    case .losses(let losses): "it holds what certrotd cannot keep: \(losses.joined(separator: "; "))"
    case .issuerMissing(let certificate):
      """
      the chain of its identity ends at \(certificate.subject), and the issuer \(certificate.issuer) is neither in it nor in \
      a bundle or trust store that certrotd knows: put the certificates up to the root into a file that 'bundles' under \
      'trust' names
      """
    case .objectsForTheTool(let names):
      """
      it holds \(names.joined(separator: ", ")), which sapgenpse could not be told to write: write 'writer: native', with \
      which certrotd hands them on unchanged
      """
    case .pinForTheTool:
      """
      it has a PIN, and sapgenpse would make a file without one: write 'writer: native', or \
      'pin-credential: none' where the file shall have no PIN
      """
    case .openToOthers(let mode):
      """
      it has mode 0\(String(mode, radix: 8)), with which every account of this host may use its private key, and the file that \
      takes its place would have the same: write 'mode' (such as "0640") and, if need be, 'group' there
      """
    case .link(let path, let target):
      """
      \(path) is a symbolic link to \(target), which would be replaced instead of the file: name the file itself under \
      'path', or remove the link where a file of its own shall take its place
      """
    }
  }
}

/// Why a PSE was not taken over.
struct AdoptionError: Error, CustomStringConvertible {
  let file: FilePath
  let culprit: Culprit
  private let reason: String

  init(file: FilePath, _ error: any Error) {
    self.file = file
    reason = String(describing: error)
    // Whatever is wrong with the file or its PIN: the configuration names them.
    culprit =
      (error as? SystemError).map { $0.errno == .noSuchFileOrDirectory ? .configuration : .host } ?? .configuration
  }

  var description: String { "\(file) cannot be taken over: \(reason)" }
}
