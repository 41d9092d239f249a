// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Keystores
import PSEFormat

/// `certrotd pse trust remove`: what `sapgenpse maintain_pk -d` does.
struct PSETrustRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Removes certificates from the trust list of a PSE.",
    discussion: HelpText.flowing(
      """
      Each is named by its number in `certrotd pse trust list`, its SHA-256, or its subject, in the order
      that is shown here or in the opposite one of RFC 4514. All are looked up before any is removed. The file is replaced in one step and keeps owner, group, mode,
      version and PIN.

      EXIT CODES: 0 when they were removed, 1 when one was not found or the file could not be written.

      EXAMPLES:
        certrotd pse trust remove client.pse 3
        certrotd pse trust remove client.pse "CN=Old Root, O=TS, C=DE" --pin-file pin.txt
      """))

  @Argument(help: ArgumentHelp("The PSE.", valueName: "file"))
  var file: String

  @Argument(help: ArgumentHelp("Numbers, subjects or SHA-256 digests.", valueName: "entries"))
  var entries: [String]

  @OptionGroup var pin: PINOptions

  func validate() throws {
    for text in entries where TrustSelection(text) == nil {
      throw ValidationError("\(text) is neither a number nor a subject nor a SHA-256")
    }
  }

  func run() throws {
    try PSEOnDisk.reporting(file) {
      try PSEOnDisk.changing(file, pin) { pse in
        let present = pse.document.content.trust
        let removed = Set(try entries.compactMap(TrustSelection.init).map { try $0.index(in: present) })
        let kept = present.indices.filter { !removed.contains($0) }.map { present[$0] }
        let content = try pse.document.content.replacingTrust(kept, changed: Date())
        try pse.replace(with: content, version: pse.document.version, pin: pse.pin)
        Output.line("\(removed.count) removed; \(file) trusts \(kept.count)")
      }
    }
  }
}
