// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Testing

/// The description of the interface, the file of the same text, and what is really sent.
struct DescriptionTests {
  /// The names of fields between the parentheses that follow `heading`.
  private func fields(of heading: String) throws -> Set<String> {
    let text = ControlInterface.description
    let start = try #require(text.range(of: heading), "\(heading) is described")
    var depth = 0
    var inside = ""
    for character in text[start.upperBound...] {
      if character == ")" { depth -= 1 }
      if depth == 1 { inside.append(character) }
      if character == "(" { depth += 1 }
      if depth == 0, character == ")" { break }
    }
    return Set(
      inside.split(separator: ",").map { field in
        String(field.prefix { $0 != ":" }).trimmingCharacters(in: .whitespacesAndNewlines)
      }.filter { !$0.isEmpty && !$0.contains("(") && !$0.contains(")") })
  }

  /// The names of the members that a value is sent with.
  private func members(_ value: some Encodable) throws -> Set<String> {
    let message = try Reply.message(value).dropLast()
    let reply = try #require(try JSONSerialization.jsonObject(with: Data(message)) as? [String: Any])
    return Set(try #require(reply["parameters"] as? [String: Any]).keys)
  }

  @Test func `the file in the documentation is the text that the daemon gives`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = root.appendingPathComponent("Documentation/\(ControlInterface.name).varlink")
    #expect(try String(contentsOf: file, encoding: .utf8) == ControlInterface.description)
    let page = try String(
      contentsOf: root.appendingPathComponent("Documentation/control.md"), encoding: .utf8)
    for method in ControlInterface.Method.allCases {
      #expect(page.contains("| `\(method.rawValue)` |"), "control.md explains \(method.rawValue)")
    }
  }

  @Test func `each method is described, and none besides`() {
    let described = ControlInterface.description.split(separator: "\n").compactMap { line in
      line.hasPrefix("method ") ? String(line.dropFirst(7).prefix { $0 != "(" }) : nil
    }
    #expect(described == ControlInterface.Method.allCases.map(\.rawValue))
  }

  @Test func `each value has the fields that are described`() throws {
    let time = Date(timeIntervalSince1970: 0)
    let subject = ControlSubject(
      kind: "k", name: "n", state: "ok", reason: "r", breaks: time, breaksWhat: "b", lastAttempt: time,
      lastSuccess: time, nextAttempt: time, nextWhat: "w")
    let step = ControlStep(at: time, kind: "k", name: "n", event: "e", message: "m")
    let outcome = ControlOutcome(result: .renewed, message: "m", nextAttempt: time)
    let key = ControlKey(
      guid: "g", name: "n", state: "s", owner: "o", use: "u", created: time, ends: time, reason: "r")
    #expect(try fields(of: "type Subject ") == members(subject))
    #expect(try fields(of: "type Step ") == members(step))
    #expect(try fields(of: "type Outcome ") == members(outcome))
    #expect(try fields(of: "type Key ") == members(key))
    #expect(try fields(of: "method Ping() -> ") == members(ControlInterface.Pong(version: "1", now: time)))
    #expect(try fields(of: "method Status() -> ") == members(ControlInterface.StatusReply(now: time, subjects: [])))
    #expect(
      try fields(of: "method Renew(name: string, now: ?bool) -> ")
        == members(ControlInterface.RenewReply(step: step, outcome: outcome)))
    #expect(try fields(of: "method Renew") == members(ControlInterface.RenewParameters(name: "n", now: true)))
    #expect(
      try fields(of: "method Verify(name: string) -> ")
        == members(ControlVerdict(verdict: .accepted, reason: "r", culprit: "c")))
    #expect(try fields(of: "method ListKeys(name: string) -> ") == members(ControlInterface.KeysReply(keys: [])))
    #expect(try fields(of: "method AdoptKey") == members(ControlInterface.KeyName(name: "n", guid: "g", force: true)))
    #expect(
      try fields(of: "method Reload() -> ") == members(ControlInterface.ReloadReply(inForce: true, mistakes: [])))
  }

  @Test func `each word of an enumeration is described`() {
    let verdicts = ControlVerdict.Verdict.allCases.map(\.rawValue).joined(separator: ", ")
    #expect(ControlInterface.description.contains("verdict: (\(verdicts))"))
    let results = ControlOutcome.Result.allCases.map(\.rawValue).joined(separator: ", ")
    #expect(ControlInterface.description.contains("result: (\(results))"))
  }
}
