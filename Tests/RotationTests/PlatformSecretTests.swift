// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Host
import Journal
import Logging
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// No secret of the platform leaves the daemon but in the key files that it delivers.
@Suite(.enabled(if: Simulator.isPresent, "scripts/btp-simulator is not in this tree"), .serialized)
struct PlatformSecretTests {
  @Test(arguments: [("it-rt-cf", "cloud-integration"), ("xsuaa-sm", "xsuaa")])
  func `neither log nor ledger nor folder has a secret in clear`(instance: String, preset: String) async throws {
    let lines = LogLines()
    try await PlatformSite.run { platform in
      try platform.configure(instance: instance, preset: preset)
      for fault in ["unauthorized", "bad-gateway", "reset-after", "not-json", "rate-limited"] {
        try await platform.fault(fault, instance == "it-rt-cf" ? "cf.*" : "sm.*")
      }
      try await platform.fault("refused", "token.token")
      try await platform.site.run(logger: lines.logger) { daemon in
        try await platform.live(daemon, until: aTime + 21 * day)
        try await self.search(platform, lines, "while it runs")
        try await platform.live(daemon, until: aTime + 25 * day)
      }
      try await self.search(platform, lines, "after its end")
      #expect(try await platform.ours().count >= 2)
    }
  }

  private func search(_ platform: PlatformSite, _ lines: LogLines, _ when: String) async throws {
    struct Secrets: Decodable {
      struct Secret: Decodable {
        var kind: String
        var value: String
      }
      var secrets: [Secret]
    }
    let data = try await platform.control(.get, "/secrets")
    let decoder = JSONDecoder()
    let secrets =
      try (try? decoder.decode(Secrets.self, from: data).secrets) ?? decoder.decode([Secrets.Secret].self, from: data)
    #expect(secrets.count >= 3, "there is something to look for")
    var haystacks = [("the log", Data(lines.text.utf8))]
    for event in platform.site.recorder.take() {
      haystacks.append(("the event \(event.event)", Data("\(event.message) \(event.fields)".utf8)))
    }
    let root = platform.site.layout.root.string
    var files = 0
    for case let name as String in FileManager.default.enumerator(atPath: root) ?? .init() {
      let path = "\(root)/\(name)"
      let values = try URL(filePath: path).resourceValues(forKeys: [.isRegularFileKey])
      guard values.isRegularFile == true else { continue }
      // What is delivered holds the key by design.
      if name.contains("keystores/"), name.hasSuffix("key.pem") || name.hasSuffix("cert.pfx") { continue }
      files += 1
      haystacks.append((name, try Data(contentsOf: URL(filePath: path))))
    }
    #expect(files >= 2, "the ledger and its key at least")
    let arguments = try Data(contentsOf: URL(filePath: "/proc/self/cmdline"))
    let environment = try Data(contentsOf: URL(filePath: "/proc/self/environ"))
    haystacks += [("the command line", arguments), ("the environment", environment)]
    for secret in secrets where secret.value.utf8.count >= 8 {
      for needle in Self.forms(secret.value) {
        for (place, hay) in haystacks where hay.range(of: needle) != nil {
          Issue.record("\(place) holds a \(secret.kind) in clear \(when)")
        }
      }
    }
  }

  /// As it is, as JSON has it, and for a private key a line of its middle.
  private static func forms(_ value: String) -> [Data] {
    guard value.contains("PRIVATE KEY") else { return [Data(value.utf8)] }
    let body = value.replacing("\\n", with: "\n").split(separator: "\n").filter { !$0.contains("-----") }
    guard let line = body.dropFirst(body.count / 2).first else { return [] }
    return [Data(line.utf8)]
  }
}

/// Everything that is logged, at every level, with its metadata.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  var text: String { lines.withLock { $0.joined(separator: "\n") } }

  var logger: Logger {
    var logger = Logger(label: "secrets") { _ in Handler(lines: self) }
    logger.logLevel = .trace
    return logger
  }

  fileprivate func append(_ line: String) { lines.withLock { $0.append(line) } }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.append("\(event.level) \(event.message) \(metadata) \(event.metadata ?? [:])")
    }
  }
}
