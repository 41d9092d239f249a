// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing

@testable import Journal

struct LogDestinationTests {
  private let connected = LogDestination.Surroundings(
    journalStream: "8:1234", invocation: "d0", standardError: "8:1234", journalSocketExists: true)

  @Test func aConnectedStreamMeansTheJournal() {
    #expect(LogDestination.choose(connected) == .journal)
  }

  @Test func aRedirectedStreamIsRespected() {
    var surroundings = connected
    surroundings.standardError = "9:77"
    #expect(LogDestination.choose(surroundings) == .standardError(.prefixed))
  }

  @Test func aClosedStreamOrAMissingSocketIsNoJournal() {
    var surroundings = connected
    surroundings.standardError = nil
    #expect(LogDestination.choose(surroundings) == .standardError(.prefixed))
    surroundings = connected
    surroundings.journalSocketExists = false
    #expect(LogDestination.choose(surroundings) == .standardError(.prefixed))
  }

  @Test func aTerminalGetsPlainLinesEvenBelowAService() {
    var surroundings = connected
    surroundings.standardError = "5:2"
    surroundings.standardErrorIsTerminal = true
    #expect(LogDestination.choose(surroundings) == .standardError(.plain))
  }

  @Test func withoutAServiceManagerLinesArePlain() {
    let surroundings = LogDestination.Surroundings(standardError: "5:2", journalSocketExists: true)
    #expect(LogDestination.choose(surroundings) == .standardError(.plain))
  }

  @Test func theLevelIsThatOfTheLogger() {
    #expect(LogDestination.standardError(.plain).logger(label: "x", level: .debug).logLevel == .debug)
    #expect(LogDestination.journal.logger(label: "x").logLevel == .info)
  }
}
