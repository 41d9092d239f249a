// SPDX-License-Identifier: Apache-2.0

import Certificates
import HTTPTransport
import Host
import TestSupport
import Testing

/// A self-signed certificate for 127.0.0.1 and its key, made by the openssl program.
struct TestIdentity {
  let certificatePEM: [UInt8]
  let keyPEM: [UInt8]
  let server: TLSServerIdentity

  init(_ name: String, address: String = "127.0.0.1") async throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
      "/CN=\(name)", "-addext", "subjectAltName=IP:\(address)", "-keyout", "key.pem", "-out", "cert.pem",
    ]
    let made = try await OutsideTool.run("openssl", arguments, workingDirectory: folder.path)
    #expect(made.succeeded, "\(made.errors)")
    certificatePEM = Array(try folder.read("cert.pem").utf8)
    keyPEM = Array(try folder.read("key.pem").utf8)
    server = TLSServerIdentity(
      certificates: try PEMReader.blocks(in: certificatePEM).map(\.bytes),
      privateKey: try #require(try PEMReader.blocks(in: keyPEM).first).bytes)
  }

  /// Certificate and key, as a request wants them.
  var pem: SecretBytes { SecretBytes(copying: certificatePEM + keyPEM) }
}

@Suite struct TLSTests {
  private let client: HTTPClient
  private let answer = TLSServerBehaviour.answer(Array(reply("200 OK", "secured").utf8))

  init() throws { client = try HTTPClient() }

  private func url(_ server: TLSServer) -> String { "https://127.0.0.1:\(server.port)/" }

  @Test func aServerThatVerifiesIsTalkedTo() async throws {
    let identity = try await TestIdentity("server")
    let server = try TLSServer(identity: identity.server, behaviour: answer)
    let response = try await client.send(
      patientRequest(url: url(server), trust: .certificates(identity.certificatePEM)))
    #expect(response.body.copyBytes() == Array("secured".utf8))
    #expect(server.clientCertificateSeen == nil)
  }

  /// Records without an end (RFC 8446, section 5.1): HelloRequest, which has no answer here, change_cipher_spec, nothing.
  @Test(arguments: [[22, 3, 3, 0, 4, 0, 0, 0, 0], [20, 3, 3, 0, 1, 1], [22, 3, 3, 0, 0]])
  func `a handshake without an end holds nobody up`(record: [UInt8]) async throws {
    let identity = try await TestIdentity("server")
    let hostile = try TLSServer(
      identity: identity.server, behaviour: .endless([], then: (0..<4096).flatMap { _ in record }))
    let good = try TLSServer(identity: identity.server, behaviour: answer)
    async let odd = failure(client, patientRequest(url: url(hostile), trust: .certificates(identity.certificatePEM)))
    async let other = client.send(patientRequest(url: url(good), trust: .certificates(identity.certificatePEM)))
    #expect(try await other.body.copyBytes() == Array("secured".utf8))
    guard let failure = await odd, failure.culprit == .server else {
      Issue.record("it was talked to")
      return
    }
    if case .timedOut = failure { Issue.record("only its deadline ended it") }
  }

  @Test func aServerThatDoesNotVerifyGetsNoRequest() async throws {
    let identity = try await TestIdentity("server")
    let other = try await TestIdentity("other")
    let elsewhere = try await TestIdentity("elsewhere", address: "127.0.0.2")
    let server = try TLSServer(identity: identity.server, behaviour: answer)
    for trust in [HTTPTrust.system, .certificates(other.certificatePEM)] {
      let failure = await failure(client, patientRequest(url: url(server), trust: trust))
      guard case .untrusted(_, let detail)? = failure else {
        Issue.record("\(String(describing: failure))")
        continue
      }
      #expect(detail.contains("certificate") && failure?.culprit == .server)
    }
    try server.setIdentity(elsewhere.server)
    let failure = await failure(
      client, patientRequest(url: url(server), trust: .certificates(elsewhere.certificatePEM)))
    guard case .untrusted? = failure else {
      Issue.record("a wrong name was accepted: \(String(describing: failure))")
      return
    }
  }

  @Test func certificatesOfTheRequestStandInPlaceOfTheSystemStore() async throws {
    let folder = try TemporaryFolder()
    let trusted = try await TestIdentity("in the store")
    let other = try await TestIdentity("other")
    let store = try folder.write("store.pem", bytes: trusted.certificatePEM)
    let client = try HTTPClient(systemStore: "\(store)")
    let server = try TLSServer(identity: trusted.server, behaviour: answer)
    #expect(try await client.send(HTTPRequest(url: url(server))).status == 200)
    let failure = await failure(client, HTTPRequest(url: url(server), trust: .certificates(other.certificatePEM)))
    guard case .untrusted? = failure else {
      Issue.record("the store was used beside the certificates: \(String(describing: failure))")
      return
    }
  }

  @Test(arguments: [TLSServerVersion.tls12, .tls13])
  func theClientCertificateIsPresented(version: TLSServerVersion) async throws {
    let identity = try await TestIdentity("server")
    let caller = try await TestIdentity("caller")
    var options = TLSServerOptions.only(version)
    options.clientCertificate = .required
    let server = try TLSServer(identity: identity.server, behaviour: answer, options: options)
    var request = patientRequest(url: url(server), trust: .certificates(identity.certificatePEM))
    let refused = await failure(client, request)
    switch (version, refused) {
    case (.tls13, .identityRefused), (.tls12, .handshakeFailed): break
    // Before TLS 1.3 no alert says that a certificate is missing.
    default: Issue.record("\(String(describing: refused))")
    }
    // Key first, as some files have it, is as good.
    for pem in [caller.certificatePEM + caller.keyPEM, caller.keyPEM + caller.certificatePEM] {
      request.clientIdentity = SecretBytes(copying: pem)
      #expect(try await client.send(request).status == 200)
      #expect(server.clientCertificateSeen == caller.server.certificates.first)
    }
  }

  @Test func anIdentityThatDoesNotFitIsTheConfigurationsFault() async throws {
    let identity = try await TestIdentity("server")
    let caller = try await TestIdentity("caller")
    let server = try TLSServer(identity: identity.server, behaviour: answer)
    for pem in [caller.certificatePEM + identity.keyPEM, caller.certificatePEM, Array("nonsense".utf8)] {
      let failure = await failure(
        client,
        patientRequest(
          url: url(server), clientIdentity: SecretBytes(copying: pem), trust: .certificates(identity.certificatePEM)))
      guard case .unusableIdentity? = failure else {
        Issue.record("\(String(describing: failure))")
        continue
      }
      #expect(failure?.culprit == .configuration)
    }
    let plain = await failure(client, patientRequest(url: "http://127.0.0.1:1/", clientIdentity: caller.pem))
    guard case .invalidRequest? = plain else {
      Issue.record("a client certificate went over plain HTTP")
      return
    }
  }

  @Test func oldVersionsAreRefused() async throws {
    let identity = try await TestIdentity("server")
    let server = try TLSServer(identity: identity.server, behaviour: answer, options: .only(.tls11))
    let failure = await failure(client, patientRequest(url: url(server), trust: .certificates(identity.certificatePEM)))
    guard case .handshakeFailed? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test(arguments: [
    TLSServerBehaviour.resetAtAccept, .closeAfterClientHello, .plainHTTP, .alert(40), .bytes([0, 1, 2, 3, 4, 5, 6, 7]),
    .resetAfterClientHello,
  ])
  func aHandshakeThatBreaksFails(behaviour: TLSServerBehaviour) async throws {
    let identity = try await TestIdentity("server")
    let server = try TLSServer(identity: identity.server, behaviour: behaviour)
    let failure = await failure(client, patientRequest(url: url(server)))
    switch failure {
    // A reset may be there before libcurl has looked at the connection.
    case .handshakeFailed, .connectionLost, .connectFailed: break
    default: Issue.record("\(String(describing: failure))")
    }
  }

  @Test func aSilentHandshakeMeetsTheConnectDeadline() async throws {
    let identity = try await TestIdentity("server")
    let server = try TLSServer(identity: identity.server, behaviour: .silent)
    let request = patientRequest(url: url(server), connectDeadline: .milliseconds(300))
    guard case .timedOut? = await failure(client, request) else {
      Issue.record("a silent server was waited for")
      return
    }
  }

  @Test func aBadTrustListIsTheConfigurationsFault() async throws {
    let identity = try await TestIdentity("server")
    let server = try TLSServer(identity: identity.server, behaviour: answer)
    let failure = await failure(client, patientRequest(url: url(server), trust: .certificates(Array("nonsense".utf8))))
    guard case .unusableTrust? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }
}
