// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage
import Testing

@testable import Settings

/// The example that is installed: all of it is commented out, and all of it is right.
struct ExampleConfigurationTests {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static var shipped: [UInt8] {
    get throws { Array(try Data(contentsOf: repository.appending(path: "etc/certrotd/certrotd.yaml"))) }
  }

  /// The example with every commented line of YAML switched on.
  static var uncommented: [UInt8] {
    get throws {
      let lines = String(decoding: try shipped, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      let switched = lines.map { line in
        isProse(line) || !line.hasPrefix("#") ? line : line.dropFirst()
      }
      return Array(switched.joined(separator: "\n").utf8)
    }
  }

  /// Prose has one space behind the hash, YAML none or its indentation.
  private static func isProse(_ line: Substring) -> Bool {
    line.hasPrefix("# ") && !line.hasPrefix("#  ")
  }

  @Test func `as shipped it is a configuration without entries`() throws {
    #expect(Self.reading(try Self.shipped).configuration == Configuration(files: [mainFile]))
  }

  @Test func `uncommented it is a configuration with all of its entries`() throws {
    let reading = Self.reading(try Self.uncommented)
    #expect(reading.mistakes.map(\.description) == [])
    let configuration = try #require(reading.configuration)
    #expect(configuration.endpoints.map(\.name) == ["s4hana-cloud", "cpi-runtime", "web-dispatcher"])
    #expect(
      configuration.serviceKeys.map(\.name) == [
        "cpi-sender", "cloud-logging", "cpi-receiver", "audit-log", "theming", "destination",
      ])
    #expect(
      configuration.keystores.map(\.name) == [
        "xtract-client", "cpi-sender", "web-client", "former-client", "trust-only",
      ])
  }

  @Test(arguments: KeyTable.all)
  func `it shows every key`(group: KeyGroup) throws {
    let text = String(decoding: try Self.uncommented, as: UTF8.self)
    for key in group.keys {
      let places = ["\n", " ", "{"].flatMap { ["\($0)\(key.name): ", "\($0)\(key.name):\n"] }
      #expect(places.contains { text.contains($0) }, "\(key.name) of \(group.title)")
    }
  }

  private static func reading(_ bytes: [UInt8]) -> ConfigurationReading {
    var files = FakeFiles.host
    files.add(mainFile, bytes: bytes)
    return ConfigurationReader.read(main: mainFile, files: files)
  }
}
