// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Host
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// The server on a real socket, with clients of every kind.
@Suite(.timeLimit(.minutes(10))) struct ControlServerTests {
  private let folder: TemporaryFolder
  private let reports = Reports()

  init() throws { folder = try TemporaryFolder() }

  private final class Reports: Sendable {
    private let storage = Mutex<[String]>([])
    private let (stream, continuation) = AsyncStream<String>.makeStream()
    var all: [String] { storage.withLock(\.self) }
    func add(_ text: String) {
      storage.withLock { $0.append(text) }
      continuation.yield(text)
    }
    func next() async -> String? { await stream.first { _ in true } }
  }

  private var path: FilePath { folder.file("control") }

  /// Deadlines that must not fire on a busy host.
  private static func limits(
    connections: Int = 32, idle: Duration = .seconds(300), transfer: Duration = .seconds(300),
    call: Duration = .seconds(300), silence: Duration = .seconds(3600), inspection: Duration = .seconds(300)
  ) -> ControlLimits {
    ControlLimits(
      connections: connections, idle: idle, transfer: transfer, call: call, silence: silence, inspection: inspection)
  }

  /// Runs a server, lends its socket to `body`, and ends it.
  private func serve(
    _ actions: ScriptedActions = ScriptedActions(), limits: ControlLimits = Self.limits(),
    ownUser: UInt32 = Privileges.user, reporting count: Int = 0, _ body: () async throws -> Void
  ) async throws {
    let server = try ControlServer(
      path: path, dispatcher: CallDispatcher(actions: actions, version: "1.2.3"),
      access: ControlAccess(ownUser: ownUser), limits: limits, report: { [reports] in reports.add($0) })
    try await withThrowingTaskGroup { group in
      group.addTask { await server.run() }
      try await body()
      group.cancelAll()
    }
    #expect(try HostFiles().linkStatusIfPresent(of: path) == nil, "the socket goes with the server")
    #expect(reports.all.count == count, "\(reports.all)")
  }

  private func expectAlive() async throws {
    let pong = try await ControlClient(path: path).call(.ping, giving: ControlInterface.Pong.self)
    #expect(pong.version == "1.2.3")
  }

  @Test func `a client calls each method`() async throws {
    try await serve {
      #expect(try HostFiles().status(of: path).mode == [.ownerReadWrite, .groupReadWrite])
      let client = try ControlClient(path: path)
      #expect(try await client.call(.ping, giving: ControlInterface.Pong.self).version == "1.2.3")
      let status = try await client.call(.status, giving: ControlInterface.StatusReply.self)
      #expect(status.subjects.map(\.name) == ["e0"])
      let name = ControlInterface.Name(name: "n")
      #expect(try await client.call(.verify, name, giving: ControlVerdict.self).reason == "n")
      #expect(try await client.call(.listKeys, name, giving: ControlInterface.KeysReply.self).keys.map(\.name) == ["n"])
      let wish = ControlInterface.KeyName(name: "n", guid: "g2")
      let adopted = try await client.call(.adoptKey, wish, giving: ControlInterface.KeyReply.self).key
      #expect(adopted.guid == "g2" && adopted.owner == "named")
      let insisting = ControlInterface.KeyName(name: "n", guid: "g2", force: true)
      #expect(
        try await client.call(.adoptKey, insisting, giving: ControlInterface.KeyReply.self).key.owner == "forced")
      #expect(try await client.call(.reload, giving: ControlInterface.ReloadReply.self).mistakes.count == 1)
      var steps: [String] = []
      let outcome = try await client.renew("k", now: true) { steps.append($0.message) }
      #expect(outcome.result == .renewed)
      #expect(steps == ["step 0", "step 1"])
      await #expect(throws: Fault.noSuchName("absent")) {
        try await client.renew("absent", now: true) { _ in }
      }
      #expect(try await client.call(.ping, giving: ControlInterface.Pong.self).version == "1.2.3", "it can go on")
    }
  }

  @Test func `a socket that somebody removed is made again, and calls go on`() async throws {
    try await serve(limits: Self.limits(inspection: .milliseconds(20)), reporting: 1) {
      try await expectAlive()
      try HostFiles().removeTree(at: path)
      #expect(await reports.next()?.contains("was made again") == true)
      try await expectAlive()
    }
  }

  @Test func `what somebody else put in its place is left alone, also at the end`() async throws {
    let server = try ControlServer(
      path: path, dispatcher: CallDispatcher(actions: ScriptedActions(), version: "1.2.3"),
      access: ControlAccess(ownUser: Privileges.user), limits: Self.limits(inspection: .milliseconds(20)),
      report: { [reports] in reports.add($0) })
    try await withThrowingTaskGroup { group in
      group.addTask { await server.run() }
      try HostFiles().rename(from: path, to: folder.file("away"))
      let other = try LocalSocket.listening(at: path, mode: .ownerReadWrite)
      #expect(await reports.next()?.contains("no longer this daemon's") == true)
      group.cancelAll()
      try await group.waitForAll()
      #expect(try HostFiles().linkStatusIfPresent(of: path) != nil)
      _ = consume other
    }
    #expect(reports.all.count == 1, "once: \(reports.all)")
  }

  @Test func `a second server does not take the socket of one that listens`() async throws {
    try await serve {
      let refusal = #expect(throws: SystemError.self) {
        _ = try ControlServer(
          path: path, dispatcher: CallDispatcher(actions: ScriptedActions(), version: "2"),
          access: ControlAccess(ownUser: Privileges.user), report: { _ in })
      }
      #expect(refusal?.errno == .addressInUse)
      try await expectAlive()
    }
  }

  @Test func `it describes itself as every Varlink service does`() async throws {
    try await serve {
      let client = try RawClient(path)
      try await client.send(#"{"method":"org.varlink.service.GetInfo"}"#)
      #expect(
        try await client.receive() == """
          {"parameters":{"interfaces":["org.varlink.service","org.certrotd.control"],"product":"certrotd","url":"",\
          "vendor":"certrotd","version":"1.2.3"}}
          """)
      for interface in ["org.certrotd.control", "org.varlink.service"] {
        try await client.send(
          "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"\(interface)\"}}"
        )
        #expect(try await client.receive()?.contains("interface \(interface)\\n") == true)
      }
    }
  }

  @Test(arguments: [
    (#"{"method":"a.b.C"}"#, #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"a.b"}}"#),
    (#"{"method":""}"#, #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":""}}"#),
    (
      #"{"method":"org.certrotd.control.Nonsense"}"#,
      #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"org.certrotd.control.Nonsense"}}"#
    ),
    (
      #"{"method":"org.varlink.service.Nonsense"}"#,
      #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"org.varlink.service.Nonsense"}}"#
    ),
    (
      #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"a.b"}}"#,
      #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"a.b"}}"#
    ),
    (
      #"{"method":"org.certrotd.control.Renew"}"#,
      #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"parameters"}}"#
    ),
    (
      #"{"method":"org.certrotd.control.Renew","parameters":{"name":"k"}}"#,
      #"{"parameters":{"outcome":{"message":"k","result":"unchanged"}}}"#
    ),
  ])
  func `a wrong call gets the error of the protocol`(call: String, answer: String) async throws {
    try await serve {
      let client = try RawClient(path)
      try await client.send(call)
      #expect(try await client.receive() == answer)
    }
  }

  @Test func `calls that come at once are answered in order, and those that want no answer get none`() async throws {
    try await serve {
      let client = try RawClient(path)
      let ping = #"{"method":"org.certrotd.control.Ping"}"#
      let oneway = #"{"method":"org.certrotd.control.Renew","parameters":{"name":"k"},"oneway":true,"more":true}"#
      let wrong = #"{"method":"org.certrotd.control.Nonsense"}"#
      #expect(try await client.send(Array("\(ping)\0\(oneway)\0\(wrong)\0\(ping)\0".utf8)))
      client.finishSending()
      #expect(try await client.receive()?.contains("1.2.3") == true)
      #expect(try await client.receive()?.contains("MethodNotFound") == true)
      #expect(try await client.receive()?.contains("1.2.3") == true)
      #expect(try await client.receive() == nil)
    }
  }

  @Test(arguments: [
    Array("nonsense".utf8) + [0], [0], [0xff, 0xfe, 0], Array("{}".utf8) + [0],
    [UInt8](repeating: 0x20, count: 1 << 20),
    Array(repeating: UInt8(ascii: "["), count: 60_000) + [0], Array("GET / HTTP/1.1\r\n\r\n".utf8) + [0],
    Array(#"{"method":"org.certrotd.control.Ping","upgrade":true}"#.utf8) + [0],
  ])
  func `whoever breaks the protocol is hung up on`(bytes: [UInt8]) async throws {
    try await serve {
      let client = try RawClient(path)
      _ = try await client.send(bytes)
      #expect(try await client.receive() == nil)
      try await expectAlive()
    }
  }

  @Test func `half a call holds nobody up`() async throws {
    try await serve {
      let halves = try (1...8).map { _ in try RawClient(path) }
      for half in halves { #expect(try await half.send(Array(#"{"method":"org.certro"#.utf8))) }
      try await expectAlive()
      let gone = try RawClient(path)
      #expect(try await gone.send(Array(#"{"method""#.utf8)))
      gone.finishSending()
      #expect(try await gone.receive() == nil)
    }
  }

  @Test func `who is slow or idle is hung up on`() async throws {
    try await serve(limits: Self.limits(transfer: .milliseconds(50))) {
      let half = try RawClient(path)
      #expect(try await half.send(Array(#"{"method""#.utf8)))
      #expect(try await half.receive() == nil)
    }
    try await serve(limits: Self.limits(idle: .milliseconds(50))) {
      let silent = try RawClient(path)
      #expect(try await silent.receive() == nil)
    }
  }

  @Test func `who does not read a long reply is hung up on`() async throws {
    try await serve(ScriptedActions(subjects: 50_000), limits: Self.limits(transfer: .milliseconds(50))) {
      let client = try RawClient(path)
      try await client.send(#"{"method":"org.certrotd.control.Status"}"#)
      try await expectAlive()
      try await client.waitUntilHungUp()
      #expect(
        try await client.receive() == nil, "what the kernel had taken comes, and then the end instead of the rest")
    }
  }

  @Test func `a long reply arrives as a whole`() async throws {
    try await serve(ScriptedActions(subjects: 2_000)) {
      let status = try await ControlClient(path: path).call(.status, giving: ControlInterface.StatusReply.self)
      #expect(status.subjects.count == 2_000)
    }
  }

  @Test func `who does not read the steps is hung up on, and the renewal is not held up`() async throws {
    let actions = ScriptedActions(steps: 1_000_000)
    try await serve(actions) {
      let client = try RawClient(path)
      try await client.send(#"{"method":"org.certrotd.control.Renew","parameters":{"name":"k"},"more":true}"#)
      for await _ in actions.ended { break }
      try await expectAlive()
    }
  }

  @Test(arguments: [(Duration.seconds(3600), 1), (.zero, 3)])
  func `there are only so many connections, and who wonders finds out why`(
    silence: Duration, reported: Int
  ) async throws {
    try await serve(limits: Self.limits(connections: 2, silence: silence), reporting: reported) {
      let first = try RawClient(path)
      let second = try RawClient(path)
      let ping = #"{"method":"org.certrotd.control.Ping"}"#
      for client in [first, second] {
        try await client.send(ping)
        #expect(try await client.receive()?.contains("1.2.3") == true)
      }
      for _ in 1...3 {
        let third = try RawClient(path)
        #expect(try await third.receive() == nil)
      }
      #expect(reports.all.allSatisfy { $0.contains("hangs up on those who may act, since 2 of them are connected") })
      try await first.send(ping)
      #expect(try await first.receive()?.contains("1.2.3") == true)
    }
  }

  @Test func `when the client goes, its call ends`() async throws {
    let actions = ScriptedActions(steps: -1)
    try await serve(actions) {
      do {
        let client = try RawClient(path)
        try await client.send(#"{"method":"org.certrotd.control.Renew","parameters":{"name":"k"},"more":true}"#)
        for await _ in actions.begun { break }
        extendLifetime(client)
      }
      for await _ in actions.ended { break }
      try await expectAlive()
    }
  }

  @Test func `a call that lasts too long is ended with a reason`() async throws {
    try await serve(ScriptedActions(steps: -1), limits: Self.limits(call: .milliseconds(50))) {
      await #expect(throws: Fault.refused(reason: "the call took too long", culprit: "certrotd")) {
        try await ControlClient(path: path).renew("k", now: true) { _ in }
      }
    }
  }

  @Test func `when the daemon ends, those who wait are told`() async throws {
    let actions = ScriptedActions(steps: -1)
    let client = try await withThrowingTaskGroup(of: Void.self) { group in
      let server = try ControlServer(
        path: path, dispatcher: CallDispatcher(actions: actions, version: "1"),
        access: ControlAccess(ownUser: Privileges.user), limits: Self.limits(), report: { [reports] in reports.add($0) }
      )
      group.addTask { await server.run() }
      let client = try RawClient(path)
      try await client.send(#"{"method":"org.certrotd.control.Renew","parameters":{"name":"k"},"more":true}"#)
      for await _ in actions.begun { break }
      group.cancelAll()
      return client
    }
    #expect(try await client.receive() == #"{"error":"org.certrotd.control.Stopping","parameters":{}}"#)
    #expect(try await client.receive() == nil)
    #expect(throws: ControlClientError.noDaemon(path)) { try ControlClient(path: path) }
  }

  @Test func `a socket that a killed daemon left behind is replaced`() async throws {
    for _ in 1...2 {
      let left = try LocalSocket.listening(at: path, mode: .ownerReadWrite)
      extendLifetime(left)
    }
    #expect(throws: ControlClientError.noDaemon(path)) { try ControlClient(path: path) }
    try await serve { try await expectAlive() }
  }

  @Test func `a path that no socket can have is refused`() {
    let long = folder.file(String(repeating: "x", count: 120))
    #expect(throws: SystemError.self) {
      let socket = try LocalSocket.listening(at: long, mode: .ownerReadWrite)
      extendLifetime(socket)
    }
    #expect(throws: ControlClientError.self) { try ControlClient(path: long) }
  }
}
