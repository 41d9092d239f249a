// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Simulation
import SystemPackage

@main
struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Lets certrotd live through years of outages, changes of authorities, lost keys and restarts.",
    discussion: "Ends with 1 when something lapsed that need not have, or anything else happened that must not.")

  @Option(help: "How many years; a fraction is fine.") var years = 10.0
  @Option(help: "How many endpoints.") var endpoints = 1000
  @Option(help: "How many service keys.") var keys = 200
  @Option(help: "Which world: the same number gives the same one.") var seed: UInt64 = 1
  @Option(help: "Days between two looks at an endpoint.") var refetchDays = 10.0
  @Option(help: "Minutes by which time moves on at the least.") var step = 180
  @Option(help: "An empty folder for the host's files; best in memory.") var folder: String
  @Flag(help: "Print one line of JSON.") var json = false

  func validate() throws {
    guard years > 0, endpoints > 0, keys >= 0, refetchDays > 0, step > 0 else {
      throw ValidationError("years, endpoints, refetch-days and step must be positive")
    }
  }

  func run() async throws {
    let scenario = Scenario(
      years: years, endpoints: endpoints, keys: keys, seed: seed,
      refetchEvery: .seconds(Int(refetchDays * 86_400)), step: .seconds(step * 60))
    let start = ContinuousClock().now
    var simulation = try Simulation(scenario, in: FilePath(folder)) { year in
      Self.say("year \(year) is over after \(start.duration(to: ContinuousClock().now).components.seconds) s\n")
    }
    let report = try await simulation.run()
    if json {
      let encoder = JSONEncoder()
      encoder.dateEncodingStrategy = .iso8601
      encoder.outputFormatting = [.sortedKeys]
      FileHandle.standardOutput.write(try encoder.encode(report) + Data("\n".utf8))
    } else {
      FileHandle.standardOutput.write(Data((report.text + "\n").utf8))
    }
    if !report.faults.isEmpty { throw ExitCode(1) }
  }

  private static func say(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
