// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing

@testable import Journal

struct StandardErrorLogHandlerTests {
  private let lines = Recorder<String>()

  private func makeLogger(_ style: StandardErrorLogHandler.Style) -> Logger {
    Logger(label: "test") { _ in StandardErrorLogHandler(style: style, write: lines.record) }
  }

  @Test func plainLinesBeginWithTheLevel() {
    makeLogger(.plain).warning("no answer", metadata: ["endpoint": "s4", "reason": "timed out", "path": ""])
    #expect(lines.values == ["WARNING no answer endpoint=s4 path=\"\" reason=\"timed out\"\n"])
  }

  @Test func prefixedLinesBeginWithThePriority() {
    makeLogger(.prefixed).error("no answer")
    #expect(lines.values == ["<3>no answer\n"])
  }

  @Test(arguments: [StandardErrorLogHandler.Style.plain, .prefixed])
  func strangersCannotBreakTheLineOrDriveTheTerminal(style: StandardErrorLogHandler.Style) {
    makeLogger(style).info(
      "sent\nCRITICAL all lost\u{1B}]0;x\u{07}", metadata: ["subject\n": "CN=\u{202E}live\u{9B}2J \"\r\u{2028}"])
    #expect(lines.values.count == 1)
    let text = lines.values.first ?? ""
    let both = text.split(separator: "\n")
    #expect(both.first?.hasSuffix(#"sent subject\n="CN=\u{202E}live\u{9B}2J \"\r\u{2028}""#) == true)
    let prefix = style == .plain ? "INFO " : "<6>"
    #expect(both.last.map(String.init) == prefix + #"  CRITICAL all lost\u{1B}]0;x\u{7}"#, "no line of its own")
    #expect(text.unicodeScalars.filter { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }.count == 2)
  }

  @Test func ordinaryTextOfAnyLanguageStaysAsItIs() {
    makeLogger(.plain).info("Zertifikat für 東京", metadata: ["subject": "O=Büro"])
    #expect(lines.values == ["INFO Zertifikat für 東京 subject=O=Büro\n".replacing("O=Büro", with: "\"O=Büro\"")])
  }

  @Test(arguments: [(StandardErrorLogHandler.Style.plain, "ERROR "), (.prefixed, "<3>")])
  func everyLineOfAMessageHasThePriority(style: StandardErrorLogHandler.Style, prefix: String) {
    makeLogger(style).error("rejected:\nc.yaml:2:3: error\nc.yaml:4:1: error", metadata: ["mistakes": "2"])
    #expect(
      lines.values == [
        "\(prefix)rejected: mistakes=2\n\(prefix)  c.yaml:2:3: error\n\(prefix)  c.yaml:4:1: error\n"
      ])
  }

  @Test func eventsShowTheirName() {
    Events(logger: makeLogger(.plain)).raise(.hookRecovered, message: "hook ran", fields: [.keystore: "k", .hook: "h"])
    #expect(lines.values == ["NOTICE hook ran event=hook.recovered hook=h keystore=k\n"])
  }
}
