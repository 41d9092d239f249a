// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Keystores
import PSEFormat
import Rotation
import SystemPackage

/// `certrotd pse trust add`: what `sapgenpse maintain_pk -a` does.
struct PSETrustAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Adds certificates to the trust list of a PSE.",
    discussion: HelpText.flowing(
      """
      The file is replaced in one step and keeps owner, group, mode, version and PIN. What is trusted
      already is not added again. Commands that change files of one folder wait for each other.

      EXIT CODES: 0 when all are in the list, 1 when the file could not be read or written.

      EXAMPLES:
        certrotd pse trust add client.pse chain.pem
        certrotd pse trust add client.pse certnew.p7b
        certrotd pse trust add client.pse /etc/ssl/sap root.crt --pin-file pin.txt
      """))

  @Argument(help: ArgumentHelp("The PSE.", valueName: "file"))
  var file: String

  @Argument(help: ArgumentHelp("PEM, DER or PKCS #7 (.p7b) files, or folders of them.", valueName: "certificates"))
  var certificates: [String]

  @OptionGroup var pin: PINOptions

  func run() throws {
    try PSEOnDisk.reporting(file) {
      let offered = try certificates.flatMap { try BundleReader().certificates(at: FilePath($0)) }
      try PSEOnDisk.changing(file, pin) { pse in
        let present = pse.document.content.trust
        let (entries, added) = PSETrustList.adding(offered, to: present)
        if Set(entries) != Set(present) {
          let content = try pse.document.content.replacingTrust(entries, changed: Date())
          try pse.replace(with: content, version: pse.document.version, pin: pse.pin)
        }
        Output.line("\(added) added; \(file) trusts \(entries.count)")
      }
    }
  }
}
