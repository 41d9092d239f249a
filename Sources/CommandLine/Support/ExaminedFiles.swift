// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Host
import OpenSSLBridge
import Rotation
import ServiceKeys
import Settings
import SystemPackage

/// The files of this host for `certrotd check-config`, which looks into what the configuration names as the daemon will.
struct ExaminedFiles: ConfigurationFiles {
  private let files: HostConfigurationFiles
  private let now: Date

  /// - Parameters:
  ///   - files: how files are read.
  ///   - now: by which certificates are judged.
  init(_ files: HostConfigurationFiles, now: Date) {
    self.files = files
    self.now = now
  }

  var expectedFilesMustBeReadable: Bool { files.expectedFilesMustBeReadable }

  func read(_ path: FilePath, limit: Int) throws(FileProblem) -> [UInt8] { try files.read(path, limit: limit) }

  func list(_ directory: FilePath) throws(FileProblem) -> [String] { try files.list(directory) }

  func facts(of path: FilePath) throws(FileProblem) -> FileFacts { try files.facts(of: path) }

  func checkReadable(_ path: FilePath) throws(FileProblem) { try files.checkReadable(path) }

  func place(ofFolder path: FilePath) -> FolderPlace? { files.place(ofFolder: path) }

  func holdSameSecret(_ left: FilePath, _ right: FilePath) -> Bool { files.holdSameSecret(left, right) }

  func flaw(of thing: NamedThing) -> String? {
    do {
      return try finding(thing)
    } catch let error as CredentialError {
      return error.sentence
    } catch {
      return "\(error)"
    }
  }

  private func finding(_ thing: NamedThing) throws -> String? {
    switch thing {
    case .bundle(let path):
      _ = try BundleReader().certificates(at: path)
    case .certificates(let path):
      if try certificates(path).isEmpty { return "\(path) holds no certificate" }
    case .key(let path, let passphrase):
      do {
        _ = try key(path, passphrase)
      } catch let error as PrivateKeyError {
        return "\(path) holds no private key that can be used: \(error.sentence)"
      } catch {
        return "\(path) holds no private key that can be used: \(error)"
      }
    case .identity(let identity):
      // That it cannot be told here is no flaw.
      guard let key = try key(identity.key, identity.passphrase) else { return nil }
      if try leaf(of: key, among: certificates(identity.certificate)) == nil {
        return "the private key in \(identity.key) belongs to no certificate in \(identity.certificate)"
      }
    case .leaf(let identity):
      guard let key = try key(identity.key, identity.passphrase),
        let leaf = try leaf(of: key, among: certificates(identity.certificate)), leaf.validity.notAfter <= now
      else { return nil }
      return "the certificate \(leaf.subject) in \(identity.certificate) has ended"
    case .secret(let path):
      _ = try CredentialStore(folder: nil).secret(.file(path))
    case .user(let name):
      if try Accounts.userID(named: name) == nil {
        return "there is no user \(name) on this host; create it or correct it"
      }
    case .group(let name):
      if try Accounts.groupID(named: name) == nil {
        return "there is no group \(name) on this host; create it or correct it"
      }
    case .binding(let reference, let isRenewed):
      guard let bytes = try secret(reference) else { return nil }
      return try flaw(ofBinding: bytes, reference, isRenewed: isRenewed)
    case .login(let reference):
      guard let bytes = try secret(reference) else { return nil }
      let certificates: [Certificate]
      do throws(CertificateError) {
        certificates = try PEMReader.certificates(in: bytes.copyBytes())
      } catch {
        return "\(reference) holds no certificate to log in with: \(error)"
      }
      return try flaw(ofLogin: bytes, certificates, reference)
    }
    return nil
  }

  private func leaf(of key: PrivateKey, among certificates: [Certificate]) throws -> Certificate? {
    try certificates.first { try key.fits($0) }
  }

  private func flaw(
    ofBinding bytes: SecretBytes, _ reference: CredentialReference, isRenewed: Bool
  ) throws -> String? {
    let binding: ServiceManagerBinding
    do throws(PlatformFailure) {
      binding = try ServiceManagerBinding.read(bytes)
    } catch {
      return "\(reference): \(error.words)"
    }
    guard case .clientCertificate(_, let identity) = binding.method else { return nil }
    return try flaw(ofLogin: identity, binding.certificates, reference, mayHaveEnded: isRenewed)
  }

  /// What is wrong with the certificates and the unencrypted private key of a login, both of which `pem` holds.
  private func flaw(
    ofLogin pem: SecretBytes, _ certificates: [Certificate], _ reference: CredentialReference,
    mayHaveEnded: Bool = false
  ) throws -> String? {
    let key: PrivateKey
    do throws(PrivateKeyError) {
      key = try PrivateKey(pem: pem, passphrase: nil)
    } catch {
      return "\(reference) holds no private key that can be used: \(error)"
    }
    guard let leaf = certificates.first else { return "\(reference) holds no certificate to log in with" }
    guard try key.fits(leaf) else {
      return try certificates.contains { try key.fits($0) }
        ? "the certificate in \(reference) that the private key belongs to must come before the others"
        : "the private key in \(reference) belongs to no certificate in it"
    }
    if leaf.validity.notAfter <= now, !mayHaveEnded {
      return
        "the certificate \(leaf.subject) in \(reference) has ended, and nobody can log in with it: put a newer one there"
    }
    guard leaf.subject == leaf.issuer || certificates.contains(where: { $0.subject == leaf.issuer }) else {
      return
        "\(reference) holds the certificate \(leaf.subject) without its issuer \(leaf.issuer), and platforms refuse a "
        + "certificate that comes alone: append the certificates of its issuers"
    }
    guard leaf.validity.notBefore <= now else {
      return "the certificate \(leaf.subject) in \(reference) is not valid yet: check the clock of this host"
    }
    return nil
  }

  /// Nil where only the service can read it, as a credential that the unit loads, and for a file that holds none, of which
  /// `NamedThing.secret` tells.
  private func secret(_ reference: CredentialReference) throws -> SecretBytes? {
    do {
      return try CredentialStore(folder: SecretInput.credentialsFolder).secret(reference)
    } catch CredentialError.noCredentialFolder, CredentialError.empty(.file) {
      return nil
    }
  }

  private func certificates(_ path: FilePath) throws -> [Certificate] {
    let bytes = try HostFiles().readFile(path, limit: ServiceKeyIntake.sizeLimit)
    do {
      return try PEMReader.certificates(in: bytes)
    } catch {
      throw Refusal("\(path) holds something that is no certificate: \(error)")
    }
  }

  /// Nil where only the service can open it, with a credential that the unit loads.
  private func key(_ path: FilePath, _ passphrase: CredentialReference?) throws -> PrivateKey? {
    var phrase: SecretBytes?
    if let passphrase {
      phrase = try secret(passphrase)
      if phrase == nil { return nil }
    }
    return try PrivateKey(pem: HostFiles().readSecretFile(path, limit: ServiceKeyIntake.sizeLimit), passphrase: phrase)
  }
}
