// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import FoundationEssentials
import Host
import Keystores
import OpenSSLBridge
import SystemPackage

/// `certrotd pse export`: what is in a PSE, in the forms of everybody else.
struct PSEExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes the certificate, chain, trust list and key of a PSE as PEM, or as PFX.",
    discussion: """
      The files must not exist yet. Those with the private key get mode 0600, the others 0644. The key is
      PKCS #8, encrypted when a password is named; a PFX needs a password or --empty-password.

      EXIT CODES: 0 when all were written, 1 when the PSE lacks something or a file could not be written.

      EXAMPLES:
        certrotd pse export client.pse --certificate cert.pem --chain chain.pem
        certrotd pse export client.pse --key key.pem --ask-password
        certrotd pse export server.pse --pin-file pin.txt --pfx server.pfx --password-file pfx.txt
      """)

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
    guard [certificate, chain, trust, key, pfx].contains(where: { $0 != nil }) else {
      throw ValidationError("there is nothing to write: give --certificate, --chain, --trust, --key or --pfx")
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
      let found = try PSEOnDisk.open(file, pin).document.read()
      let password = try password.named(isNew: true)
      // Everything is made before anything is written.
      var outputs: [(String, SecretBytes, isSecret: Bool)] = []
      if let certificate { outputs.append((certificate, Self.pem([try own(found)]), false)) }
      if let chain { outputs.append((chain, Self.pem(try identity(found).chain), false)) }
      if let trust {
        guard !found.trust.isEmpty else { throw Refusal("its trust list is empty") }
        outputs.append((trust, Self.pem(found.trust), false))
      }
      if let key {
        let own = try identity(found).key
        let text = try password.map { try own.encryptedPEM(password: $0) } ?? own.pem(.pkcs8)
        outputs.append((key, text, true))
      }
      if let pfx, let password {
        let options = FileFormat.PFXOptions(
          password: password, profile: profile, alias: alias ?? FilePath(file).stem ?? "pse")
        let content = KeystoreContent(identity: try identity(found), trust: [])
        for rendered in try KeystoreWriter.render(.pfx(options), content, now: .now) {
          outputs.append((pfx, rendered.bytes, true))
        }
      }
      for (path, bytes, isSecret) in outputs {
        try PSEOnDisk.about(path) {
          try HostFiles().createFile(
            at: FilePath(path), mode: isSecret ? .ownerReadWrite : [.ownerReadWrite, .groupRead, .otherRead],
            contents: bytes)
        }
        Output.line("wrote \(path)")
      }
    }
  }

  private func own(_ found: ReadKeystore) throws -> Certificate {
    guard let certificate = found.certificate else { throw Refusal("it holds no own certificate") }
    return certificate
  }

  private func identity(_ found: ReadKeystore) throws -> Identity {
    guard let identity = found.content.identity else {
      throw Refusal("it holds no private key with a certificate")
    }
    return identity
  }

  private static func pem(_ certificates: [Certificate]) -> SecretBytes {
    SecretBytes(copying: Array(certificates.map { PEMBlock($0).text }.joined().utf8))
  }
}

extension PKCS12.Profile: ExpressibleByArgument {}
