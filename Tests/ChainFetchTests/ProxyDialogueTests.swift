// SPDX-License-Identifier: Apache-2.0

import Host
import Testing

@testable import ChainFetch

@Suite struct ProxyDialogueTests {
  private let destination = HostPort(host: "a.example", port: 443)

  private func verdict(_ answer: String, credentials: SecretBytes? = nil) -> ProxyDialogue.Verdict {
    var dialogue = ProxyDialogue(destination: destination, credentials: credentials)
    return dialogue.take(Array(answer.utf8))
  }

  @Test func asksAsTheStandardSays() {
    let plain = ProxyDialogue(destination: destination, credentials: nil)
    #expect(
      String(decoding: plain.request.copyBytes(), as: UTF8.self)
        == "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")
    let bracketed = ProxyDialogue(destination: HostPort(host: "::1", port: 1), credentials: nil)
    #expect(String(decoding: bracketed.request.copyBytes(), as: UTF8.self).hasPrefix("CONNECT [::1]:1 HTTP/1.1\r\n"))
  }

  // The first is the example of RFC 7617, section 2; the others have other lengths of padding.
  @Test(arguments: [
    ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), ("ab:c", "YWI6Yw=="), ("ab:cd", "YWI6Y2Q="),
    ("ab:cde", "YWI6Y2Rl"), ("ü:€", "w7w64oKs"),
  ])
  func encodesCredentials(credentials: String, encoded: String) {
    let dialogue = ProxyDialogue(destination: destination, credentials: SecretBytes(copying: Array(credentials.utf8)))
    let request = String(decoding: dialogue.request.copyBytes(), as: UTF8.self)
    #expect(request.hasSuffix("\r\nProxy-Authorization: Basic \(encoded)\r\n\r\n"))
  }

  @Test func takesAnAnswerInPieces() {
    var dialogue = ProxyDialogue(destination: destination, credentials: nil)
    let answer = Array("HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n".utf8)
    let verdicts = answer.map { dialogue.take([$0]) }
    #expect(verdicts.dropLast().allSatisfy { $0 == .needsMore })
    #expect(verdicts.last == .tunnelled)
  }

  @Test(arguments: [
    ("HTTP/1.1 200\r\n\r\n", ProxyDialogue.Verdict.tunnelled),
    ("HTTP/1.1 204 x\r\n\r\n", .tunnelled),
    ("HTTP/1.1 407 x\r\n\r\n", .failed(.proxyAuthentication(credentialsGiven: false))),
    ("HTTP/1.1 403 Forbidden\r\n\r\n", .failed(.proxyRefused(status: 403))),
    ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", .failed(.proxyRefused(status: 302))),
    ("HTTP/1.1 20", .needsMore),
  ])
  func readsTheStatus(answer: String, expected: ProxyDialogue.Verdict) {
    #expect(verdict(answer) == expected)
  }

  @Test(arguments: [
    "HTTP/1.1 2000 x\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n",
    "HTTP/1.2 200 OK\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "SSH-2.0-OpenSSH", "\u{16}\u{3}\u{1}", "\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nhello",
  ])
  func refusesWhatIsNoAnswer(answer: String) {
    guard case .failed(.proxyMalformed) = verdict(answer) else {
      Issue.record("\(answer) was taken as \(verdict(answer))")
      return
    }
  }

  @Test func refusesAnEndlessHeader() {
    let line = "X-Padding: \(String(repeating: "x", count: 1000))\r\n"
    guard case .failed(.proxyMalformed) = verdict("HTTP/1.1 200 OK\r\n" + String(repeating: line, count: 9)) else {
      Issue.record("a header of 9 KB was taken")
      return
    }
  }

  @Test func tellsWrongCredentialsFromMissingOnes() {
    #expect(
      verdict("HTTP/1.1 407 x\r\n\r\n", credentials: SecretBytes(copying: Array("a:b".utf8)))
        == .failed(.proxyAuthentication(credentialsGiven: true)))
  }
}
