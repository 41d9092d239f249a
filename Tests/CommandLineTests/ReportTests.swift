// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import SystemPackage
import Testing

@testable import CommandLine
@testable import Planning
@testable import Rotation
@testable import Settings

struct ReportTests {
  private let now = Date(timeIntervalSince1970: 1_772_323_198)

  private func keys(_ value: some Encodable) throws -> [String: Set<String>] {
    let data = try JSONEncoder().encode(value)
    let top = try JSONDecoder().decode([String: AnyJSON].self, from: data)
    var keys = ["": Set(top.keys)]
    for (name, value) in top {
      if case .list(let items) = value, case .object(let members)? = items.first { keys[name] = members }
    }
    return keys
  }

  private enum AnyJSON: Decodable {
    case object(Set<String>)
    case list([AnyJSON])
    case other

    init(from decoder: any Decoder) throws {
      if let object = try? [String: AnyJSON](from: decoder) {
        self = .object(Set(object.keys))
      } else if let list = try? [AnyJSON](from: decoder) {
        self = .list(list)
      } else {
        self = .other
      }
    }
  }

  private func status(_ state: SubjectState) -> Status {
    Status(
      subjects: [
        SubjectStatus(
          subject: .endpoint("shop"), state: .ok, breakage: Breakage(what: "the leaf", at: now + 86_400),
          lastAttempt: now - 60, lastSuccess: now - 60, nextAttempt: now + 3600, nextStep: .refetch,
          reason: "it answers"),
        SubjectStatus(subject: .keystore("client"), state: state, reason: "the disk is full", missing: ["b"]),
      ], plan: Plan(due: [], next: now + 3600))
  }

  @Test func `status says what breaks, what fails and what is next`() {
    let text = StatusReport(status(.failing), now: now, daemon: .running, overdue: []).text
    #expect(text.contains("breaks next: endpoint shop, the leaf, in 1 d"))
    #expect(text.contains("failing: keystore client: the disk is full"))
    #expect(text.contains("next: endpoint shop, refetch, in 1 h"))
    #expect(text.contains("refetch in 1 h"), "also in the table")
    #expect(text.contains("KIND") && text.contains("it answers"))
    #expect(
      StatusReport(Status(subjects: [], plan: Plan()), now: now, daemon: .running, overdue: []).text.contains(
        "nothing is configured"))
  }

  @Test func `verify lists every file with its verdict and what to do`() throws {
    let result = KeystoreVerification.Result(
      generation: 3,
      files: [
        FileVerdict(path: "/k/client.pse", faults: [], remedy: nil),
        FileVerdict(path: "/k/cert.pfx", faults: ["is missing", "was odd"], remedy: "find out who"),
      ], faults: ["the ledger says generation 2, the disk says 3"], endpoints: [("shop", nil), ("api", "no trust")])
    let report = VerifyReport(keystore: KeystoreFindings(keystore: "client", result), serviceKey: nil)
    #expect(!report.isGood)
    #expect(
      report.text == """
        keystore client, generation 3
          /k/client.pse: good
          /k/cert.pfx: not good
            fault: is missing
            fault: was odd
            what to do: find out who
          fault: the ledger says generation 2, the disk says 3
          endpoint shop answers
          endpoint api: no trust
        not good
        """)
    let keys = try keys(report)
    #expect(keys[""] == ["keystore", "good", "generation", "files", "faults", "endpoints"])
    #expect(keys["files"] == ["path", "good", "faults"])
    #expect(keys["endpoints"] == ["name"])
  }

  @Test(arguments: SubjectState.allCases) func `a fault is what an operator must know`(state: SubjectState) {
    let report = StatusReport(status(state), now: now, daemon: .running, overdue: [])
    #expect(report.hasFault == [.failing, .expired, .expiring].contains(state))
  }

  @Test func `without a daemon, what is overdue or waits is a fault`() throws {
    let late = DueWork(
      work: .probe(endpoint: "shop"), since: now - 7200, lapsesAt: now, reason: .intervalOver(elapsed: 28_800))
    let fresh = DueWork(work: .write(keystore: "client"), since: now - 60, lapsesAt: now, reason: .passwordChanged)
    // With the usual interval of six hours, jitter explains 36 minutes.
    let found = Plan(due: [fresh, late]).overdue(Configuration(), now: now)
    #expect(found == [late])
    let overdue = StatusReport.Overdue.of(found, [])
    let stopped = StatusReport(status(.ok), now: now, daemon: .stopped, overdue: overdue)
    #expect(stopped.hasFault)
    #expect(stopped.text.hasPrefix("no daemon runs"), "\(stopped.text)")
    #expect(stopped.text.contains("overdue: endpoint shop, refetch, since 2 h"), "\(stopped.text)")
    #expect(try keys(stopped)["overdue"] == ["kind", "name", "what", "since"])
    #expect(StatusReport(status(.waiting), now: now, daemon: .stopped, overdue: []).hasFault)
    let idle = StatusReport(status(.ok), now: now, daemon: .stopped, overdue: [])
    #expect(!idle.hasFault && idle.text.hasPrefix("no daemon runs"))
    for daemon in [DaemonPresence.running, .unknown] {
      let report = StatusReport(status(.ok), now: now, daemon: daemon, overdue: overdue)
      #expect(!report.hasFault && !report.text.contains("no daemon"))
    }
  }

  @Test func `a keystore that waits while its files are in use is a fault, unless for its window`() {
    var waiting = SubjectStatus(
      subject: .keystore("client"), state: .waiting, breakage: Breakage(what: "the identity", at: now + 86_400),
      reason: "it waits for its identity from service key sender")
    #expect(waiting.isUnattended)
    waiting.subject = .endpoint("client")
    #expect(!waiting.isUnattended)
    waiting.subject = .keystore("client")
    waiting.breakage = nil
    #expect(!waiting.isUnattended)
  }

  @Test func `the keys of JSON stay as they are`() throws {
    let status = try keys(StatusReport(status(.ok), now: now, daemon: .running, overdue: []))
    #expect(status[""] == ["now", "entries", "next", "daemon", "overdue"])
    let noted = try keys(
      NotedReport(report: StatusReport(self.status(.ok), now: now, daemon: .running, overdue: []), mistakes: 2))
    #expect(noted[""] == ["now", "entries", "next", "daemon", "overdue", "configuration-mistakes"])
    #expect(
      // The first one has something next.
      status["entries"] == [
        "kind", "name", "state", "reason", "breaks", "breaks-what", "last-attempt", "last-success", "next-attempt",
        "next-what", "missing",
      ])
    let entry = ForecastEntry(
      subject: .endpoint("shop"), what: .allCases[0], dueAt: now + 60, lapsesAt: now + 120, why: "due")
    let plan = try keys(PlanReport([entry], now: now, days: 30))
    #expect(plan[""] == ["now", "days", "entries"])
    #expect(plan["entries"] == ["kind", "name", "what", "due", "lapses", "why"])
  }

  @Test func `the keys of what commands answer stay as they are`() throws {
    let mistake = ConfigurationMistake(file: "/c.yaml", key: "a", message: "b", hint: "c", severity: .warning)
    let check = try keys(CheckReport(Configuration(), warnings: [mistake], account: "certrotd"))
    #expect(check[""] == ["files", "endpoints", "service-keys", "keystores", "account", "warnings"])
    #expect(check["warnings"] == ["file", "line", "column", "severity", "key", "message", "hint"])
    #expect(
      try keys(
        RollbackReport(
          keystore: "k", wanted: 1, generation: 1, previous: 3, skipped: [.init(generation: 2, reason: "a")],
          warnings: ["w"]))
        == [
          "": ["keystore", "wanted", "generation", "previous", "skipped", "warnings"],
          "skipped": ["generation", "reason"],
        ])
    let key = ServiceKeySettings(name: "sender", source: .file("/k.json"))
    #expect(
      try keys(KeyImportReport(key, unchanged: nil, fileWasMissing: true))[""]
        == ["service-key", "result", "accepted", "path", "restored", "issuers"])
    let refusal = ConfigurationRefusal(mistakes: [mistake])
    #expect(
      try keys(#require(ErrorReport(refusal, message: "m", exitCode: 78)))[""] == ["error", "exit-code", "mistakes"])
  }

  @Test func `show tells of the keys on the platform, of what is being made, and of the login`() throws {
    var rotation = KeyRotation.adopting(
      NewKey(guid: "g2", name: "cpi-2", owner: .named), predecessor: nil, now: now - 60)
    rotation.standing = .waiting(until: now + 30, reason: "the platform is asked again")
    let fingerprint = try #require(Fingerprint(bytes: Array(repeating: 1, count: 32)))
    let state = SourceState(
      rotation: rotation,
      keys: [
        PlatformKeyState(guid: "g1", name: "cpi-1", owner: .ours, role: .inForce, notAfter: now + 86_400),
        PlatformKeyState(guid: "g2", name: "cpi-2", owner: .named, role: .inFlight),
        PlatformKeyState(guid: "g0", name: "cpi-0", owner: .ours, role: .retiring, overlapEnds: now + 3600),
        PlatformKeyState(guid: "g9", name: "cpi-9", owner: .ours, role: .deleted),
      ],
      login: KnownCertificate(
        fingerprint: fingerprint, subject: "CN=robot", notBefore: now - 86_400, notAfter: now + 7200))
    let platform = PlatformReport(state)
    let subject = SubjectStatus(subject: .serviceKey("sender"), state: .renewing, reason: "it goes on")
    var report = ShowReport(now: now)
    report.add(subject, [], platform: platform)
    let lines = report.text.split(separator: "\n").map(String.init)
    #expect(lines.contains("  renewal   created of cpi-2, since 2026-02-28 23:58:58Z, 1 min ago"))
    #expect(lines.contains("            the platform is asked again"))
    #expect(lines.contains("            goes on at 2026-03-01 00:00:28Z, in 30 s"))
    #expect(lines.contains("  in-force  cpi-1 (g1); ends 2026-03-01 23:59:58Z, in 1 d"))
    #expect(lines.contains("  in-flight cpi-2 (g2)"))
    #expect(lines.contains("  retiring  cpi-0 (g0); may be deleted after 2026-03-01 00:59:58Z, in 1 h"))
    #expect(lines.contains("  login     CN=robot; ends 2026-03-01 01:59:58Z, in 2 h"))
    #expect(!report.text.contains("cpi-9"), "it is gone")
    let json = try JSONEncoder().encode(platform)
    let members = try JSONDecoder().decode([String: AnyJSON].self, from: json)
    #expect(Set(members.keys) == ["keys", "renewal", "login"])
    if case .object(let renewal)? = members["renewal"] {
      #expect(renewal == ["step", "since", "key", "reason", "next-attempt"])
    }
    #expect(try keys(platform)["keys"] == ["name", "guid", "use", "ends"])
  }

  @Test func `a plan is a table, and an empty one says so`() {
    let entry = ForecastEntry(subject: .keystore("k"), what: .allCases[0], dueAt: now + 60, lapsesAt: nil, why: "due")
    let text = PlanReport([entry], now: now, days: 30).text
    #expect(text.hasPrefix("WHEN") && text.contains("in 1 min") && text.contains("keystore") && text.contains("due"))
    #expect(PlanReport([], now: now, days: 7).text == "nothing is due within 7 days")
  }
}
