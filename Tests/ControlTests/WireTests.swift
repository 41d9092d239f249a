// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Testing

/// Messages as Varlink's protocol has them.
struct WireTests {
  private func text(_ message: [UInt8]) -> String {
    #expect(message.last == 0)
    return String(decoding: message.dropLast(), as: UTF8.self)
  }

  @Test func `calls and replies have the known form`() throws {
    let wish = ControlInterface.RenewParameters(name: "a\u{0}b", now: true)
    #expect(
      text(try Call.message("org.certrotd.control.Renew", wish, more: true))
        == #"{"method":"org.certrotd.control.Renew","more":true,"parameters":{"name":"a\u0000b","now":true}}"#)
    #expect(text(try Call.message("x.y.Z", Nothing())) == #"{"method":"x.y.Z","parameters":{}}"#)
    let step = ControlStep(
      at: Date(timeIntervalSince1970: 0), kind: "keystore", name: "k", event: nil, message: "m")
    #expect(
      text(try Reply.message(ControlInterface.RenewReply(step: step), continues: true)) == """
        {"continues":true,"parameters":{"step":{"at":"1970-01-01T00:00:00Z","kind":"keystore","message":"m","name":"k"}}}
        """)
    #expect(
      text(try Reply.message(Fault.invalidParameter("name")))
        == #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"name"}}"#)
  }

  @Test func `a call is read with what it needs and without what is foreign to it`() throws {
    let call = try Call(
      message: Array(#"{"method":"a.B","parameters":{"name":"n","other":[1,{}]},"more":true,"new":7}"#.utf8))
    #expect(call.method == "a.B" && call.more && !call.oneway)
    #expect(try call.parameters(as: ControlInterface.Name.self).name == "n")
  }

  @Test(arguments: [
    "", "{", "[]", "null", "7", "\"x\"", "{}", #"{"method":7}"#, #"{"method":null}"#, #"{"method":"a.B","more":"yes"}"#,
    #"{"method":"a.B","upgrade":true}"#, #"{"method":"a.B"}{"#, "\u{1}\u{2}", "{\"method\":\"a.B\",",
    "{\"method\":\"\(String(repeating: "a", count: 300)).B\"}", String(repeating: "[", count: 60_000),
    String(repeating: "{\"a\":", count: 12_000),
  ])
  func `what is no call is refused`(message: String) {
    #expect(throws: Call.Malformed.self) { try Call(message: Array(message.utf8)) }
  }

  @Test func `bytes that are no text are refused`() {
    #expect(throws: Call.Malformed.self) { try Call(message: [0xff, 0xfe, 0x7b]) }
  }

  @Test(arguments: [
    (#"{"method":"a.B"}"#, "parameters"), (#"{"method":"a.B","parameters":{}}"#, "name"),
    (#"{"method":"a.B","parameters":{"name":7}}"#, "name"), (#"{"method":"a.B","parameters":{"name":null}}"#, "name"),
    (#"{"method":"a.B","parameters":[]}"#, "parameters"),
  ])
  func `a parameter that is missing or wrong is named`(message: String, parameter: String) throws {
    let call = try Call(message: Array(message.utf8))
    #expect(throws: Fault.invalidParameter(parameter)) { try call.parameters(as: ControlInterface.Name.self) }
  }

  @Test(
    arguments: [
      .interfaceNotFound("a.b"), .methodNotFound("a.b.C"), .invalidParameter("p"), .permissionDenied, .expectedMore,
      .noSuchName("n"), .refused(reason: "r", culprit: "platform"), .stopping,
    ] as [Fault])
  func `each error comes back as it went and says what to do`(fault: Fault) throws {
    let message = try Reply.message(fault)
    let reply = try Reply(message: Array(message.dropLast()))
    let name = try #require(reply.error)
    #expect(Fault(name: name, parameters: try reply.parameters(as: [String: String].self)) == fault)
    #expect(!fault.description.isEmpty)
    let local = "\(ControlInterface.name)."
    if name.hasPrefix(local) {
      #expect(ControlInterface.description.contains("error \(name.dropFirst(local.count)) "), "\(name) is described")
    }
  }

  @Test func `values keep everything on their way`() throws {
    let subject = ControlSubject(
      kind: "service key", name: "s", state: "ok", reason: "r", breaks: Date(timeIntervalSince1970: 1),
      breaksWhat: "b", lastAttempt: Date(timeIntervalSince1970: 2), lastSuccess: Date(timeIntervalSince1970: 3),
      nextAttempt: Date(timeIntervalSince1970: 4), nextWhat: "write", missing: ["m"])
    let sent = ControlInterface.StatusReply(now: Date(timeIntervalSince1970: 5), subjects: [subject])
    let reply = try Reply(message: Array(try Reply.message(sent).dropLast()))
    #expect(try reply.parameters(as: ControlInterface.StatusReply.self) == sent)
    #expect(reply.error == nil && !reply.continues)
  }
}
