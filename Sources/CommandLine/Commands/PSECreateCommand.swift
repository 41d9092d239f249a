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
    discussion: HelpText.flowing(
      """
      With --subject it holds a new key and a certificate that it signs itself; with --certificate
      and --key, or with --from, the identity of those files; with none of them a trust list only. A
      PFX with an incomplete chain is completed from --trust. An encrypted key and a PFX need a
      password, which is asked for where no option names it. The file must not exist yet; it is made
      with mode 0600, of version 2 and without a PIN unless told otherwise.

      EXIT CODES: 0 when it was made, 1 when something could not be read, does not fit, or could not be
      written.

      EXAMPLES:
        certrotd pse create --out client.pse --subject "CN=host.example, O=TS, C=DE" --trust chain.pem
        certrotd pse create --out client.pse --certificate cert.pem --key key.pem --trust /etc/ssl/sap
        certrotd pse create --out server.pse --from server.pfx --ask-password --new-pin-file pin.txt
        certrotd pse create --out client.pse --from all.pfx --alias cpi-sender --password-file pfx.txt
        certrotd pse create --out trust.pse --trust chain.pem
      """))

  @Option(help: ArgumentHelp("The PSE to make.", valueName: "file"))
  var out: String

  @Option(help: ArgumentHelp("The PFX (PKCS #12) whose identity is taken over.", valueName: "file"))
  var from: String?

  @Option(help: "Which private key of a PFX with several: its friendly name, or the subject of its certificate.")
  var alias: String?

  @Option(
    help: ArgumentHelp("The certificate of the identity and its issuers: PEM, DER or PKCS #7.", valueName: "file"))
  var certificate: String?

  @Option(
    help: ArgumentHelp("The private key of the identity: PEM or DER, encrypted or not.", valueName: "file"))
  var key: String?

  @Option(help: ArgumentHelp("The name in a new self-signed certificate.", valueName: "name"))
  var subject: String?

  @Option(help: "How many days a self-signed certificate is valid; 825 unless given.")
  var days: Int?

  @Option(help: "The length of a new key in bits: 2048, 3072 or 4096; 2048 unless given.")
  var bits: Int?

  @Option(
    help: ArgumentHelp(
      "Trust what this file (PEM, DER or PKCS #7), or each file of this folder, holds.", valueName: "file"))
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
    if alias != nil, from == nil { throw ValidationError("--alias chooses an entry of a PFX: it goes with --from") }
    if password.areGiven, from == nil, key == nil {
      throw ValidationError("there is nothing that a password opens: it goes with --from or --key")
    }
    guard bits.map([2048, 3072, 4096].contains) ?? true else {
      throw ValidationError("--bits takes 2048, 3072 or 4096")
    }
    guard days.map((1...36_500).contains) ?? true else {
      throw ValidationError("--days takes a number from 1 to 36500")
    }
    for (option, isGiven) in [("--days", days != nil), ("--bits", bits != nil)] where isGiven && subject == nil {
      throw ValidationError("\(option) is about a new self-signed identity: it goes with --subject")
    }
  }

  func run() throws {
    try PSEOnDisk.reporting(out) {
      try NewFiles.checkAbsent([out])
      let now = Date()
      let trusted = try trust.flatMap { try BundleReader().certificates(at: FilePath($0)) }
      let content = KeystoreContent(identity: try identity(trusted, now: now), trust: trusted)
      let format = FileFormat.pse(
        FileFormat.PSEOptions(version: version, pin: try newPIN.named(), list: certificateList))
      let rendered = try PSEOnDisk.about(key ?? from ?? out) {
        do throws(KeystoreError) {
          return try KeystoreWriter.render(format, content, now: now)
        } catch {
          throw Refusal(error.sentence(writing: format))
        }
      }
      // What was written is what can be read: the file counts only after that.
      let faults = KeystoreJudge.judge(
        try KeystoreReader.read(format, rendered), wanted: content, endpointChains: [], now: now)
      guard faults.isEmpty, let file = rendered.first else {
        for fault in faults { Output.complain("\(out): \(fault)") }
        throw ExitCode.fault
      }
      try NewFiles.write([NewFiles.File(path: out, bytes: file.bytes, isSecret: true)])
      Output.line("\(out): \(Self.summary(content))")
    }
  }

  /// What was written, on one line.
  private static func summary(_ content: KeystoreContent) -> String {
    let identity = content.identity.map { identity in
      let own = identity.certificate
      // Somebody who took the wrong key sees it here.
      let kind = own.extensions.basicConstraints?.isAuthority == true ? " (a certificate authority)" : ""
      return "\(own.subject)\(kind), valid until \(TimeText.instant(own.validity.notAfter))"
    }
    return "\(identity ?? "no identity"), \(Output.count(Set(content.trust).count, "trusted certificate"))"
  }

  private func identity(_ trusted: [Certificate], now: Date) throws -> Identity? {
    if let subject {
      let key = try PrivateKey.generateRSA(bits: bits ?? 2048)
      let certificate = try SelfSignedCertificate.make(
        key: key, subject: try DistinguishedName(parsing: subject),
        notBefore: now.addingTimeInterval(-SelfSignedCertificate.backdating),
        notAfter: now.addingTimeInterval(Double(days ?? 825) * 86_400))
      return Identity(certificate: certificate, key: key, issuers: [])
    }
    let input = IdentityInput(password: password, trusted: trusted, now: now)
    if let from { return try input.identity(pfx: from, alias: alias) }
    guard let certificate, let key else { return nil }
    return try input.identity(certificate: certificate, key: key)
  }
}

extension PSECertificateListReading: ExpressibleByArgument {}
