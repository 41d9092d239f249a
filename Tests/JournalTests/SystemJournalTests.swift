// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Journal

struct SystemJournalTests {
  @Test func aSeriesOfFailuresIsReportedOnceAndTheNextSeriesAgain() {
    let results = Mutex<[Int32]>([0, -105, -105, 0, -105])
    let reports = Recorder<String>()
    let journal = SystemJournal(
      sendVector: { _ in results.withLock { $0.removeFirst() } }, report: reports.record)
    for number in 1...5 {
      journal.send([JournalField("MESSAGE", "line \(number)\u{1B}")])
    }
    #expect(reports.values.count == 2)
    #expect(reports.values.first?.contains("errno 105") == true)
    #expect(reports.values.first?.contains("line 2\\u{1B}") == true)
    #expect(reports.values.last?.contains("line 5") == true)
  }
}
