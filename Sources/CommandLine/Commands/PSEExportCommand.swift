// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import FoundationEssentials
import Host
import Keystores
import OpenSSLBridge
import PSEFormat
import SystemPackage

/// `certrotd pse export`: what is in a PSE, in the forms of everybody else.
struct PSEExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes the certificate, chain, trust list and key of a PSE as PEM, or as PFX.",
    discussion: HelpText.flowing(
      """
      The files must not exist yet; all of them are made, or none. Those with the private key get mode
      0600, the others 0644. The key is PKCS #8, encrypted when a password is named; a PFX needs a
      password or --empty-password. A key of a kind that cannot be read keeps nobody from the rest.

      EXIT CODES: 0 when all were written, 1 when the PSE lacks something or a file could not be written.

      EXAMPLES:
        certrotd pse export client.pse --certificate cert.pem --chain chain.pem
        certrotd pse export client.pse --key key.pem --ask-password
        certrotd pse export server.pse --pin-file pin.txt --pfx server.pfx --password-file pfx.txt
      """))

  @Argument(help: ArgumentHelp("The PSE.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Gets the own certificate, PEM.", valueName: "file"))
  var certificate: String?

  @Option(help: ArgumentHelp("Gets the own certificate, its issuers and the root, PEM.", valueName: "file"))
  var chain: String?

  @Option(help: ArgumentHelp("Gets the trust list, PEM.", valueName: "file"))
  var trust: String?

  @Option(help: ArgumentHelp("Gets the private key, PKCS #8 as PEM.", valueName: "file"))
  var key: String?

  @Option(help: ArgumentHelp("Gets key, certificate and issuers as PKCS #12.", valueName: "file"))
  var pfx: String?

  @Option(help: "The protection of the PFX: modern or legacy.")
  var profile: PKCS12.Profile = .modern

  @Option(help: "The name of the entry in the PFX.")
  var alias: String?

  @OptionGroup var pin: PINOptions
  @OptionGroup var password: PasswordOptions

  func validate() throws {
    guard !paths.isEmpty else {
      throw ValidationError("there is nothing to write: give --certificate, --chain, --trust, --key or --pfx")
    }
    guard Set(paths.map { FilePath($0).lexicallyNormalized() }).count == paths.count else {
      throw ValidationError("each option needs a file of its own")
    }
    if pfx != nil, !password.areGiven {
      throw ValidationError("a PFX needs a password: give --password-file, --ask-password or --empty-password")
    }
    if key != nil, password.emptyPassword {
      throw ValidationError("a key cannot be encrypted with the empty password: leave --empty-password out")
    }
  }

  func run() throws {
    try PSEOnDisk.reporting(file) {
      try NewFiles.checkAbsent(paths)
      let document = try PSEOnDisk.open(file, pin).document
      let content = document.content
      let password = try password.named(isNew: true)
      // Everything is made before anything is written.
      var outputs: [NewFiles.File] = []
      if let certificate { outputs.append(Self.file(certificate, [try Self.own(content)])) }
      if let chain {
        let own = try Self.own(content)
        let ordered = ChainOrdering.ordered(from: own, among: content.issuers)
        if ordered.count == 1, !own.isSelfIssued {
          Output.complain("\(file): it holds no issuer of its own certificate, which is all that \(chain) gets")
        }
        outputs.append(Self.file(chain, ordered))
      }
      if let trust { outputs.append(Self.file(trust, try trusted(content))) }
      if let key {
        let own = try Self.identity(document).key
        let text = try password.map { try own.encryptedPEM(password: $0) } ?? own.pem(.pkcs8)
        outputs.append(NewFiles.File(path: key, bytes: text, isSecret: true))
      }
      if let pfx, let password {
        let options = FileFormat.PFXOptions(
          password: password, profile: profile, alias: alias ?? FilePath(file).stem ?? "pse")
        let identity = KeystoreContent(identity: try Self.identity(document), trust: [])
        for rendered in try KeystoreWriter.render(.pfx(options), identity, now: .now) {
          outputs.append(NewFiles.File(path: pfx, bytes: rendered.bytes, isSecret: true))
        }
      }
      try NewFiles.write(outputs)
      for output in outputs { Output.line("wrote \(output.path)") }
    }
  }

  private var paths: [String] { [certificate, chain, trust, key, pfx].compactMap(\.self) }

  private static func own(_ content: PSEContent) throws -> Certificate {
    guard let certificate = content.certificate else { throw Refusal("it holds no own certificate") }
    return certificate
  }

  private static func identity(_ document: PSEDocument) throws -> Identity {
    let content = document.content
    guard let certificate = content.certificate else {
      throw Refusal(
        content.holdsPrivateKey
          ? """
          it holds a private key without its certificate: of an RSA key a PSE keeps the two primes only, and the public \
          exponent, without which the key cannot be written, stands in the certificate
          """ : "it holds no private key")
    }
    guard let key = try document.key() else { throw Refusal("it holds no private key") }
    return Identity(certificate: certificate, key: key, issuers: content.issuers)
  }

  private func trusted(_ content: PSEContent) throws -> [Certificate] {
    let found = PSETrustList.certificates(in: content.trust)
    let unsigned = content.trust.count - found.count
    guard !found.isEmpty else {
      throw Refusal(
        unsigned == 0
          ? "its trust list is empty"
          : """
          the \(Output.count(unsigned, "entry", "entries")) of its trust list lack their signatures, as an older writer \
          stored them, and cannot be exported as certificates: get these from their issuers
          """)
    }
    if unsigned > 0 {
      Output.complain(
        "\(file): \(Output.count(unsigned, "entry", "entries")) of its trust list without signature cannot be exported")
    }
    return found
  }

  private static func file(_ path: String, _ certificates: [Certificate]) -> NewFiles.File {
    NewFiles.File(path: path, bytes: pem(certificates), isSecret: false)
  }

  private static func pem(_ certificates: [Certificate]) -> SecretBytes {
    SecretBytes(copying: Array(certificates.map { PEMBlock($0).text }.joined().utf8))
  }
}

extension PKCS12.Profile: ExpressibleByArgument {}
