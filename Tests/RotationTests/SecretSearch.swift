// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Journal
import Logging
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Looks for secrets of the platform, and for the test's own, wherever a daemon may have left them: at each step of a
/// rotation, so that files that come and go are seen as well.
final class SecretSearch: RotationCheckpoint {
  /// A password and a PIN that the test's own files have.
  static let ownSecrets = ["unmistakable-password-1", "unmistakable-pin-2"]

  let lines = LogLines()
  private let platform = Mutex<PlatformSite?>(nil)
  private let count = Mutex(0)

  var rounds: Int { count.withLock { $0 } }

  /// What is passed before is not looked at.
  func begin(_ platform: PlatformSite) { self.platform.withLock { $0 = platform } }

  func pass(_ point: RotationPoint) async throws {
    try await search("\(point.moment.rawValue) \(point.phase)")
  }

  /// Whether a secret of the platform stands in `bytes`, as the search would find it.
  func finds(_ kind: String, in bytes: Data) async throws -> Bool {
    guard let platform = platform.withLock({ $0 }) else { return false }
    return try await secrets(platform).contains { secret in
      secret.kind == kind && Self.forms(secret.value).contains { bytes.range(of: $0) != nil }
    }
  }

  func search(_ when: String) async throws {
    guard let platform = platform.withLock({ $0 }) else { return }
    count.withLock { $0 += 1 }
    let places = try places(platform)
    for secret in try await secrets(platform) {
      for needle in Self.forms(secret.value) {
        for (place, hay) in places where hay.range(of: needle) != nil {
          Issue.record("\(place) holds a \(secret.kind) in clear \(when)")
        }
      }
    }
  }

  private struct Secret: Decodable {
    var kind: String
    var value: String
  }

  private func secrets(_ platform: PlatformSite) async throws -> [Secret] {
    struct Secrets: Decodable { var secrets: [Secret] }
    let issued = try JSONDecoder().decode(Secrets.self, from: try await platform.control(.get, "/secrets")).secrets
    #expect(issued.count >= 3, "there is something to look for")
    return issued.filter { $0.value.utf8.count >= 8 } + Self.ownSecrets.map { Secret(kind: "own secret", value: $0) }
  }

  private func places(_ platform: PlatformSite) throws -> [(String, Data)] {
    var places = [("the log", Data(lines.take().utf8))]
    for event in platform.site.recorder.take() {
      places.append(("the event \(event.event)", Data("\(event.message) \(event.fields)".utf8)))
    }
    let files = try files(below: platform.site.folder.path.string)
    #expect(files.count >= 2, "the ledger and its key at least")
    places += files
    for place in ["cmdline", "environ"] {
      places.append((place, try Data(contentsOf: URL(filePath: "/proc/self/\(place)"))))
    }
    return places
  }

  /// All files but those that hold secrets by design: what an administrator put there, and what is delivered.
  private func files(below root: String) throws -> [(String, Data)] {
    let given: Set = ["password", "manager", "robot", "pfx-password", "pin"]
    var files: [(String, Data)] = []
    for case let name as String in FileManager.default.enumerator(atPath: root) ?? .init() {
      let isDelivered = name.contains("keystores/") && ["key.pem", "cert.pfx"].contains { name.hasSuffix($0) }
      guard !given.contains(name), !isDelivered else { continue }
      let url = URL(filePath: "\(root)/\(name)")
      do {
        guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
        files.append((name, try Data(contentsOf: url)))
      } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
        // Files of SQLite come and go.
        continue
      }
    }
    return files
  }

  /// As it is; and pieces of the secret half of a private key, as bytes and in base64, however that is aligned: others
  /// write the same key in another format.
  private static func forms(_ value: String) -> [Data] {
    guard value.contains("PRIVATE KEY") else { return [Data(value.utf8)] }
    let body = value.replacing("\\n", with: "\n").split(separator: "\n").filter { !$0.contains("-----") }
    guard let der = Data(base64Encoded: body.joined()) else { return [] }
    let pieces = stride(from: der.count * 5 / 9, to: der.count - 30, by: 100).map { Data(der[$0..<($0 + 24)]) }
    return pieces
      + pieces.flatMap { piece in
        // What stands before and after the piece changes the characters at its ends.
        (0..<3).map { Data((Data(count: $0) + piece).base64EncodedString().dropFirst(4).dropLast(4).utf8) }
      }
  }
}

/// Everything that is logged, at every level, with its metadata.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  /// What was logged since the last call.
  func take() -> String {
    lines.withLock { lines in
      defer { lines = [] }
      return lines.joined(separator: "\n")
    }
  }

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
