// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import Foundation
import Host
import Keystores
import OpenSSLBridge
import PSEFormat
import Planning
import Rotation
import SystemPackage

/// `certrotd pse create`: makes a PSE without `sapgenpse`.
struct PSECreateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Makes a PSE without `sapgenpse`.",
    discussion: """
      With --subject it holds a new key and a certificate that it signs itself; with --certificate
      and --key, or with --from, the identity of those files; with none of them a trust list only. A
      PFX with an incomplete chain is completed from --trust. The file must not exist yet; it is made
      with mode 0600, of version 2 and without a PIN unless told otherwise.

      EXIT CODES: 0 when it was made, 1 when something could not be read, does not fit, or could not be
      written.

      EXAMPLES:
        certrotd pse create --out client.pse --subject "CN=host.example, O=TS, C=DE" --trust chain.pem
        certrotd pse create --out client.pse --certificate cert.pem --key key.pem --trust /etc/ssl/sap
        certrotd pse create --out server.pse --from server.pfx --ask-password --new-pin-file pin.txt
        certrotd pse create --out trust.pse --trust chain.pem
      """)

  @Option(help: ArgumentHelp("The PSE to make.", valueName: "file"))
  var out: String

  @Option(help: ArgumentHelp("The PFX (PKCS #12) whose identity is taken over.", valueName: "file"))
  var from: String?

  @Option(help: ArgumentHelp("The certificate of the identity and its issuers, PEM.", valueName: "file"))
  var certificate: String?

  @Option(help: ArgumentHelp("The private key of the identity, PEM, without a passphrase.", valueName: "file"))
  var key: String?

  @Option(help: ArgumentHelp("The name in a new self-signed certificate.", valueName: "name"))
  var subject: String?

  @Option(help: "How many days a self-signed certificate is valid.")
  var days = 825

  @Option(help: "The length of a new key in bits: 2048, 3072 or 4096.")
  var bits = 2048

  @Option(help: ArgumentHelp("Trust what this PEM file, or each file of this folder, holds.", valueName: "file"))
  var trust: [String] = []

  @Option(help: "The version to write: 2 or 4.")
  var version: PSEVersion = .two

  @Option(help: "What CertList of an issued identity holds: issuers or chain (pse-format.md).")
  var certificateList: PSECertificateListReading = .issuers

  @OptionGroup var newPIN: NewPINOptions
  @OptionGroup var password: PasswordOptions

  func validate() throws {
    if (certificate == nil) != (key == nil) { throw ValidationError("--certificate and --key belong together") }
    let sources = [certificate != nil, subject != nil, from != nil].count(where: \.self)
    if sources > 1 {
      throw ValidationError(
        "--subject makes a new identity, --certificate and --from take an existing one: give one of them")
    }
    if sources == 0, trust.isEmpty {
      throw ValidationError(
        "there is nothing to put into the PSE: give --subject, --certificate with --key, --from, or --trust")
    }
    guard [2048, 3072, 4096].contains(bits) else { throw ValidationError("--bits takes 2048, 3072 or 4096") }
    guard (1...36_500).contains(days) else { throw ValidationError("--days takes a number from 1 to 36500") }
  }

  func run() throws {
    try PSEOnDisk.reporting(out) {
      let files = HostFiles()
      let now = Date()
      let bundles = BundleReader(files: files)
      let trusted = try trust.flatMap { try bundles.certificates(at: FilePath($0)) }
      let content = KeystoreContent(identity: try identity(files, trusted, now: now), trust: trusted)
      let format = FileFormat.pse(
        FileFormat.PSEOptions(version: version, pin: try newPIN.named(), list: certificateList))
      let rendered = try PSEOnDisk.about(key ?? from ?? out) { try KeystoreWriter.render(format, content, now: now) }
      // What was written is what can be read: the file counts only after that.
      let faults = KeystoreJudge.judge(
        try KeystoreReader.read(format, rendered), wanted: content, endpointChains: [], now: now)
      guard faults.isEmpty, let file = rendered.first else {
        for fault in faults { Output.complain("\(out): \(fault)") }
        throw ExitCode.fault
      }
      try files.createFile(at: FilePath(out), mode: .ownerReadWrite, contents: file.bytes)
      Output.line("\(out): \(Self.summary(content))")
    }
  }

  /// What was written, on one line.
  private static func summary(_ content: KeystoreContent) -> String {
    let identity = content.identity.map { identity in
      "\(identity.certificate.subject), valid until \(TimeText.instant(identity.certificate.validity.notAfter))"
    }
    return "\(identity ?? "no identity"), \(Output.count(Set(content.trust).count, "trusted certificate"))"
  }

  private func identity(_ files: HostFiles, _ trusted: [Certificate], now: Date) throws -> Identity? {
    if let subject {
      let key = try PrivateKey.generateRSA(bits: bits)
      let certificate = try SelfSignedCertificate.make(
        key: key, subject: try DistinguishedName(parsing: subject),
        notBefore: now.addingTimeInterval(-SelfSignedCertificate.backdating),
        notAfter: now.addingTimeInterval(Double(days) * 86_400))
      return Identity(certificate: certificate, key: key, issuers: [])
    }
    let limit = ServiceKeyIntake.sizeLimit
    if let from {
      return try PSEOnDisk.about(from) {
        try identity(ofPFX: files.readSecretFile(FilePath(from), limit: limit), trusted, now: now)
      }
    }
    guard let certificate, let key else { return nil }
    let certificates = try PSEOnDisk.about(certificate) {
      try PEMReader.certificates(in: files.readFile(FilePath(certificate), limit: limit))
    }
    let privateKey = try PSEOnDisk.about(key) {
      try PrivateKey(pem: files.readSecretFile(FilePath(key), limit: limit))
    }
    return try PSEOnDisk.about(certificate) { try Self.examine(certificates, privateKey, trusted, now: now) }
  }

  /// Judges an identity as the daemon does, with advice for who has no configuration.
  private static func examine(
    _ certificates: [Certificate], _ key: PrivateKey, _ trusted: [Certificate], now: Date
  ) throws -> Identity {
    do {
      return try IdentityExaminer.examine(
        certificates: certificates, key: key, completing: trusted, predecessor: nil, use: .any, now: now)
    } catch {
      switch error {
      case .keyFitsNone(let subject):
        throw Refusal("the private key is not that of \(subject.map { "\($0)" } ?? "any certificate in it")")
      case .expired(let end): throw Refusal("the certificate ended at \(TimeText.instant(end))")
      case .incomplete(let missing):
        throw Refusal("the chain is incomplete: add the certificate of \(missing), or name it with --trust")
      default: throw error
      }
    }
  }

  private func identity(ofPFX bytes: SecretBytes, _ trusted: [Certificate], now: Date) throws -> Identity {
    let found: PKCS12.Content
    do {
      found = try PKCS12.decode(bytes, password: password.named(isNew: false) ?? SecretBytes(copying: []))
    } catch PKCS12Error.wrongPassword where !password.areGiven && SecretInput.isAttended {
      found = try PKCS12.decode(bytes, password: SecretInput.ask("Password of \(from ?? "the PFX"): "))
    }
    guard let key = found.key else { throw Refusal("the PFX holds no private key") }
    return try Self.examine((found.leaf.map { [$0] } ?? []) + found.others, key, trusted, now: now)
  }
}

extension PSECertificateListReading: ExpressibleByArgument {}
