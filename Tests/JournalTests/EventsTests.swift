// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing

@testable import Journal

struct EventsTests {
  @Test func messageIdentifiersAreUniqueAndWellFormed() {
    #expect(Set(Event.allCases.map(\.messageID)).count == Event.allCases.count)
    for event in Event.allCases {
      #expect(event.messageID.wholeMatch(of: /[0-9a-f]{32}/) != nil, "\(event)")
    }
  }

  @Test func namesAreDottedWords() {
    for event in Event.allCases {
      #expect(event.rawValue.wholeMatch(of: /[a-z]+(\.[a-z]+(-[a-z]+)*)?/) != nil, "\(event)")
      #expect(event.fields.isDisjoint(with: event.optionalFields), "\(event)")
    }
  }

  @Test func whateverFailsSaysWhyAndSeriousEventsSayWhoIsAtFault() {
    for event in Event.allCases where event.priority >= .warning {
      #expect(event.fields.contains(.reason), "\(event)")
    }
    #expect(Event.keystoreFailed.fields.contains(.culprit))
  }

  @Test(arguments: Event.allCases)
  func anEventReachesTheJournalWithItsIdentifierAndPriority(event: Event) throws {
    let sent = Recorder<[JournalField]>()
    var logger = Logger(label: "test") { JournalLogHandler(label: $0, send: sent.record) }
    logger.logLevel = .critical
    Events(logger: logger).raise(event, message: "it happened", fields: [.notAfter: "2026-01-01T00:00:00Z"])
    let fields = Set(try #require(sent.values.first))
    #expect(fields.contains(JournalField("MESSAGE", "it happened")))
    #expect(fields.contains(JournalField("MESSAGE_ID", event.messageID)))
    #expect(fields.contains(JournalField("PRIORITY", String(event.priority.rawValue))))
    #expect(fields.contains(JournalField("CERTROTD_EVENT", event.rawValue)))
    #expect(fields.contains(JournalField("CERTROTD_NOT_AFTER", "2026-01-01T00:00:00Z")))
    #expect(fields.contains(JournalField("CODE_FILE", #fileID)))
  }

  @Test func aRecorderSeesWhatWasRaisedAndWhatIsWrongWithIt() throws {
    let raised = Recorder<Events.Raised>()
    let events = Events { event, _ in raised.record(event) }
    events.raise(.hookFailed, message: "hook failed", fields: [.keystore: "k", .reason: "exit 1", .endpoint: "e"])
    let event = try #require(raised.values.first)
    #expect(event.event == .hookFailed)
    #expect(event.missingFields == [.hook])
    #expect(event.undeclaredFields == [.endpoint])
  }
}
