// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// SAP BTP as `scripts/btp-simulator` plays it, in a process of its own.
package struct Simulator: Sendable {
  /// What the simulator says of itself when it is ready.
  package struct Facts: Sendable, Codable {
    var number: Int
    package var urls: [String: String]
    package var serverCAFile: String
    package var instances: [Instance]
    package var user: User
    package var serviceManagerLogins: [String: String]

    package struct Instance: Sendable, Codable {
      package var guid: String
      package var name: String
      package var offering: String
      package var platform: String
    }

    package struct User: Sendable, Codable {
      package var name: String
      package var password: String
      package var origin: String
    }

    enum CodingKeys: String, CodingKey {
      case number, urls, instances, user
      case serverCAFile = "server_ca_file"
      case serviceManagerLogins = "service_manager_logins"
    }
  }

  package let facts: Facts

  /// One that another process has started.
  package init(facts: Facts) { self.facts = facts }

  package static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "scripts/btp-simulator").path()

  /// Whether this tree has the simulator.
  package static var isPresent: Bool { FileManager.default.isExecutableFile(atPath: program) }

  /// Starts one, lends it to `body`, and ends it.
  ///
  /// - Parameters:
  ///   - arguments: as `scripts/btp-simulator --help` tells.
  ///   - body: what to do with it.
  /// - Throws: what `body` throws, or ``Silent`` when it does not start.
  package static func run(
    _ arguments: [String] = [], _ body: (Simulator) async throws -> Void
  ) async throws {
    guard let line = try await SimulatorNursery.shared.start(arguments) else { throw Silent() }
    let facts = try JSONDecoder().decode(Facts.self, from: Data(line))
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(Simulator(facts: facts)))
    } catch {
      result = .failure(error)
    }
    try await SimulatorNursery.shared.end(facts.number)
    try result.get()
  }

  package struct Silent: Error {}
}
