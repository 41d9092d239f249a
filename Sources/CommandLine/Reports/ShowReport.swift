// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Planning

/// What `certrotd show` shows.
struct ShowReport: Output.Displayable {
  struct Section: Encodable {
    let title: String
    let certificates: [CertificateReport]

    init(_ title: String, _ certificates: [Certificate]) {
      self.title = title
      self.certificates = certificates.map { CertificateReport($0) }
    }
  }

  struct Item: Encodable {
    let status: StatusReport.Entry
    let sections: [Section]
    /// Where a keystore started from.
    let adopted: Adopted?
    /// What is known of the keys on the platform, of a service key that is made there.
    let platform: PlatformReport?
  }

  struct Adopted: Encodable {
    let path: String
    let at: Date
    /// Where the copy of it lies that was made then.
    let original: String?
    /// What certrotd hands on without understanding it: name and type.
    let objects: [String]
  }

  let now: Date
  private(set) var items: [Item] = []

  init(now: Date) { self.now = now }

  mutating func add(
    _ status: SubjectStatus, _ sections: [Section], adopted: Adopted? = nil, platform: PlatformReport? = nil
  ) {
    items.append(
      Item(status: StatusReport.Entry(status), sections: sections, adopted: adopted, platform: platform))
  }

  mutating func add(_ removal: Removal, _ sections: [Section], adopted: Adopted? = nil) {
    items.append(
      Item(status: StatusReport.Entry(removal), sections: sections, adopted: adopted, platform: nil))
  }

  var text: String { items.map(text).joined(separator: "\n\n") }

  private func text(_ item: Item) -> String {
    let status = item.status
    var lines = ["\(status.kind) \(status.name): \(status.state)", "  why       \(status.reason)"]
    func add(_ label: String, _ time: Date?) {
      guard let time else { return }
      lines.append("  \(label)  \(TimeText.instant(time)), \(StatusReport.distance(time, from: now))")
    }
    add("breaks  ", status.breaks)
    add("tried   ", status.lastAttempt)
    add("worked  ", status.lastSuccess)
    if let next = status.nextAttempt {
      let what = status.nextWhat.map { "\($0), " } ?? ""
      lines.append("  next      \(what)\(TimeText.instant(next)), \(StatusReport.distance(next, from: now))")
    }
    if let platform = item.platform { lines += platform.lines(now: now) }
    if let confirmation = status.confirmation { lines.append("  confirm   \(confirmation.text)") }
    if let adopted = item.adopted {
      lines.append("  adopted   \(adopted.path), \(TimeText.instant(adopted.at))")
      if let original = adopted.original { lines.append("  original  \(original)") }
      for object in adopted.objects { lines.append("  object    \(object), handed on as it is") }
    }
    for section in item.sections where !section.certificates.isEmpty {
      lines.append("  \(section.title)")
      for (index, certificate) in section.certificates.enumerated() {
        lines.append("    \(index + 1)")
        lines.append(certificate.text(indent: "      "))
      }
    }
    return lines.joined(separator: "\n")
  }
}
