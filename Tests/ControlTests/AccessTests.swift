// SPDX-License-Identifier: Apache-2.0

import Control
import Host
import SystemPackage
import TestSupport
import Testing

/// Who may do what.
struct AccessTests {
  @Test(
    arguments: [
      (0, .actor), (990, .actor), (1000, .reader), (.max, .reader),
    ] as [(UInt32, ControlAccess.Role)])
  func `only root and the user of the daemon act`(user: UInt32, role: ControlAccess.Role) {
    let peer = PeerCredentials(process: 1, user: user, group: 990)
    #expect(ControlAccess(ownUser: 990).role(of: peer) == role)
  }

  @Test(arguments: ControlInterface.Method.allCases)
  func `a reader is refused what acts, and nothing else`(method: ControlInterface.Method) async throws {
    let dispatcher = CallDispatcher(actions: ScriptedActions(), version: "1")
    let wish = ControlInterface.KeyName(name: "n", guid: "g")
    let call = try Call(message: Array(try Call.message(method.qualified, wish).dropLast()))
    for (role, mayAct) in [(ControlAccess.Role.reader, false), (.actor, true)] {
      let answer = try await dispatcher.answer(call, from: role) { _ in }
      let reply = try Reply(message: Array(answer.dropLast()))
      #expect(reply.error == (method.acts && !mayAct ? "org.varlink.service.PermissionDenied" : nil))
    }
    let marked = ControlInterface.description.split(separator: "\n\n").first {
      $0.contains("method \(method.rawValue)(")
    }
    #expect(marked?.contains("It acts.") == method.acts, "the description says so")
  }

  @Test func `the kernel says who connects`() async throws {
    let folder = try TemporaryFolder()
    let listener = try LocalSocket.listening(at: folder.file("s"), mode: .ownerReadWrite)
    let client = try LocalSocket.connecting(to: folder.file("s"))
    guard let accepted = try listener.acceptWaiting() else {
      Issue.record("no connection waits")
      return
    }
    let peer = try accepted.peerCredentials()
    #expect(peer.user == Privileges.user)
    #expect(try client.peerCredentials() == peer, "both ends are this process")
    if let another = try listener.acceptWaiting() {
      Issue.record("one more connection waits: \(another.descriptor.rawValue)")
    }
    extendLifetime(folder)
  }
}
