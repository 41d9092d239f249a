// SPDX-License-Identifier: Apache-2.0

import Certificates
import HTTPTransport
import Host
import Keystores
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

struct IdentityVerifierTests {
  private func response(_ status: Int, _ body: String = "") -> HTTPResponse {
    HTTPResponse(status: status, body: SecretBytes(copying: body.utf8))
  }

  private enum Kind {
    case accepted, refused, inconclusive
  }

  private func kind(_ verdict: IdentityVerifier.Verdict) -> Kind {
    switch verdict {
    case .accepted: .accepted
    case .refused: .refused
    case .inconclusive: .inconclusive
    }
  }

  @Test func `a token endpoint speaks for or against the certificate, or not at all`() {
    for status in [200] { #expect(kind(IdentityVerifier.judgeToken(response(status))) == .accepted) }
    for status in [400, 401, 403] { #expect(kind(IdentityVerifier.judgeToken(response(status))) == .refused) }
    for status in [204, 301, 302, 404, 429, 500, 502, 503] {
      #expect(kind(IdentityVerifier.judgeToken(response(status))) == .inconclusive, "\(status)")
    }
  }

  @Test func `a request that passes the certificate is as good as any answer behind it`() {
    for status in [200, 204, 299, 403, 405, 500] {
      #expect(kind(IdentityVerifier.judgeRequest(response(status))) == .accepted, "\(status)")
    }
    #expect(kind(IdentityVerifier.judgeRequest(response(401))) == .refused)
    for status in [200, 204, 403, 405, 500] {
      guard case .accepted(let answer) = IdentityVerifier.judgeRequest(response(status)) else { continue }
      #expect(answer.contains("answered \(status)"), "\(answer)")
    }
    for status in [300, 302, 400, 404, 407, 429, 502, 503] {
      #expect(kind(IdentityVerifier.judgeRequest(response(status))) == .inconclusive, "\(status)")
    }
  }

  @Test(arguments: [TLSServerVersion.tls12, .tls13])
  func `an alert against the certificate refuses it, and one about anything else does not`(
    version: TLSServerVersion
  ) async throws {
    let authority = try TestCA.root()
    let own = try authority.leaf(dns: "client")
    let identity = Identity(certificate: own.certificate, key: own.key, issuers: own.issuers)
    var options = TLSServerOptions.only(version)
    options.clientCertificate = .refused
    let server = try TLSServer(identity: try authority.leaf().served, options: options)
    func verdict(trusting root: Certificate) async throws -> IdentityVerifier.Verdict {
      let verifier = IdentityVerifier(
        client: try HTTPClient(), credentials: CredentialStore(folder: nil, files: HostFiles()),
        trust: .certificates(Array(PEMBlock(root).text.utf8)))
      let settings = ServiceKeySettings(
        name: "sender", source: .file("/etc/sender.json"),
        verify: .request(url: "https://localhost:\(server.port)/", method: .head), proxy: .direct)
      return try await verifier.verify(identity, tokenURL: nil, clientID: nil, settings)
    }
    let refused = try await verdict(trusting: authority.certificate)
    #expect(kind(refused) == .refused, "\(refused)")
    let untrusted = try await verdict(trusting: try TestCA.root().certificate)
    #expect(kind(untrusted) == .inconclusive, "\(untrusted)")
  }

  @Test(arguments: [("200 OK", Kind.accepted), ("401 Unauthorized", .refused), ("404 Not Found", .inconclusive)])
  private func `an answer is judged by its status, however much comes behind it`(
    status: String, expected: Kind
  ) async throws {
    let authority = try TestCA.root()
    let own = try authority.leaf(dns: "client")
    let head = "HTTP/1.1 \(status)\r\nContent-Length: 1000000000\r\n\r\nthe first of many"
    let server = try TLSServer(identity: try authority.leaf().served, behaviour: .answer(Array(head.utf8)))
    let verifier = IdentityVerifier(
      client: try HTTPClient(), credentials: CredentialStore(folder: nil, files: HostFiles()),
      trust: .certificates(Array(PEMBlock(authority.certificate).text.utf8)))
    let settings = ServiceKeySettings(
      name: "sender", source: .file("/etc/sender.json"),
      verify: .request(url: "https://localhost:\(server.port)/", method: .get), proxy: .direct)
    let verdict = try await verifier.verify(
      Identity(certificate: own.certificate, key: own.key, issuers: own.issuers), tokenURL: nil, clientID: nil, settings
    )
    #expect(kind(verdict) == expected, "\(verdict)")
  }

  @Test func `only the standard's words of an answer are repeated`() {
    let body = #"{"error":"invalid_client","error_description":"unknown certificate","access_token":"hidden"}"#
    #expect(
      IdentityVerifier.judgeToken(response(401, body))
        == .refused("the token endpoint answered 401: invalid_client, unknown certificate"))
    #expect(
      IdentityVerifier.judgeToken(response(401, "<html>hidden")) == .refused("the token endpoint answered 401"))
    let long = #"{"error":""# + String(repeating: "x", count: 5000) + #""}"#
    guard case .refused(let text) = IdentityVerifier.judgeToken(response(400, long)) else {
      Issue.record("400 refuses")
      return
    }
    #expect(text.count < 300)
  }

  @Test(arguments: [
    (#"Bad \u001b[2J\u0007credentials."#, "Bad [2Jcredentials"), (#"a\u009b31m\u202eb\r\nc"#, "a31mbc"),
    (#"\"quoted\" and \\"#, "quoted and"), ("Zertifikat ungültig", "Zertifikat ungltig"), (#"\u0000"#, ""),
    (String(repeating: "y", count: 9000), String(repeating: "y", count: 160)),
  ])
  func `only the standard's characters of an answer are repeated`(sent: String, repeated: String) {
    let body = #"{"error":"invalid_client\u001b]0;owned\u0007","error_description":"\#(sent)"}"#
    let words = ["invalid_client]0;owned", repeated].filter { !$0.isEmpty }.joined(separator: ", ")
    #expect(
      IdentityVerifier.judgeToken(response(401, body)) == .refused("the token endpoint answered 401: \(words)"))
  }
}
