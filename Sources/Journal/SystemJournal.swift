// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Synchronization

/// The host's journal, by its native protocol (sd_journal_sendv(3)).
package final class SystemJournal: Sendable {
  private let sendVector: @Sendable ([JournalField]) -> Int32
  private let report: @Sendable (String) -> Void
  private let isFailing = Mutex(false)

  /// The journal that journald keeps; its failures are told to standard error.
  package convenience init() {
    self.init(sendVector: Self.sendToJournald, report: StandardError.write)
  }

  /// - Parameters:
  ///   - sendVector: sends one entry; returns 0, or a negative errno value.
  ///   - report: takes a line that says that the journal does not work.
  init(sendVector: @escaping @Sendable ([JournalField]) -> Int32, report: @escaping @Sendable (String) -> Void) {
    self.sendVector = sendVector
    self.report = report
  }

  /// Sends one entry.
  ///
  /// The first failure of a series is reported, those that follow are not: whoever cannot be told in the journal is not
  /// helped by a flood elsewhere.
  package func send(_ fields: [JournalField]) {
    let result = sendVector(fields)
    let isFirstFailure = isFailing.withLock { failing in
      defer { failing = result < 0 }
      return result < 0 && !failing
    }
    guard isFirstFailure else { return }
    let message = fields.first { $0.name == "MESSAGE" }?.text ?? ""
    report(
      "<3>certrotd: cannot write to the journal: sd_journal_sendv failed with errno \(-result); "
        + "entries are lost until it works again, first this one: \(Escaping.escaped(message))\n")
  }

  /// One `NAME=value` per field; lengths go along, so that values may hold any byte.
  private static func sendToJournald(_ fields: [JournalField]) -> Int32 {
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    for field in fields {
      let start = bytes.count
      bytes.append(contentsOf: field.name.utf8)
      bytes.append(UInt8(ascii: "="))
      bytes.append(contentsOf: field.value)
      ranges.append(start..<bytes.count)
    }
    return unsafe bytes.withUnsafeMutableBytes { buffer in
      let vector = unsafe ranges.map { range in
        unsafe iovec(iov_base: buffer.baseAddress.map { unsafe $0 + range.lowerBound }, iov_len: range.count)
      }
      return unsafe sd_journal_sendv(vector, Int32(vector.count))
    }
  }
}
