// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Synchronization

/// The identities that a server may show, changed while it runs.
final class TLSServerIdentities: Sendable {
  private let table: Mutex<Table>

  private struct Table {
    var usual: LoadedIdentity
    var byServerName: [String: LoadedIdentity] = [:]
    var byAddress: [String: LoadedIdentity] = [:]
    var namesSeen: [String?] = []
    var clientCertificate: [UInt8]?
  }

  init(usual: LoadedIdentity) { table = Mutex(Table(usual: usual)) }

  func setUsual(_ identity: LoadedIdentity) { table.withLock { $0.usual = identity } }
  func set(_ identity: LoadedIdentity, serverName: String) { table.withLock { $0.byServerName[serverName] = identity } }
  func set(_ identity: LoadedIdentity, address: String) { table.withLock { $0.byAddress[address] = identity } }

  func identity(address: String) -> LoadedIdentity { table.withLock { $0.byAddress[address] ?? $0.usual } }

  /// Notes the name a client asked for, and says which identity goes with it, if a particular one does.
  func identity(serverName: String?) -> LoadedIdentity? {
    table.withLock { table in
      table.namesSeen.append(serverName)
      return serverName.flatMap { table.byServerName[$0] }
    }
  }

  /// Notes what the latest client presented; `nil` for none.
  func note(clientCertificate: [UInt8]?) { table.withLock { $0.clientCertificate = clientCertificate } }

  var clientCertificate: [UInt8]? { table.withLock { $0.clientCertificate } }

  var namesSeen: [String?] { table.withLock { $0.namesSeen } }
}

/// One `SSL_CTX` for all connections of a server.
@safe
final class TLSServerContext: Sendable {
  // Set up in `init` only; OpenSSL allows any number of threads to make connections of it.
  nonisolated(unsafe) let pointer: OpaquePointer
  let identities: TLSServerIdentities

  init(options: TLSServerOptions, identities: TLSServerIdentities) throws {
    guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw TestServerError.openSSL("SSL_CTX_new") }
    unsafe pointer = context
    self.identities = identities
    unsafe SSL_CTX_set_security_level(context, 0)
    guard unsafe SSL_CTX_set_cipher_list(context, options.cipherList) == 1,
      unsafe COpenSSL_SSL_CTX_set_min_proto_version(context, options.minimumVersion.rawValue) == 1,
      unsafe COpenSSL_SSL_CTX_set_max_proto_version(context, options.maximumVersion.rawValue) == 1
    else { throw TestServerError.openSSL("SSL_CTX") }
    unsafe COpenSSL_SSL_CTX_set_session_cache_mode(context, 0)
    switch options.clientCertificate {
    case .notRequested: break
    case .requested: unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, { _, _ in 1 })
    case .required:
      unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, { _, _ in 1 })
    case .refused: unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, { _, _ in 0 })
    }
    // Called once the ClientHello was read, SSL_CTX_set_cert_cb(3). The argument outlives every connection, since each
    // session holds this object.
    unsafe SSL_CTX_set_cert_cb(
      context,
      { ssl, argument in
        guard let ssl = unsafe ssl, let argument = unsafe argument else { return 0 }
        let identities = unsafe Unmanaged<TLSServerIdentities>.fromOpaque(argument).takeUnretainedValue()
        let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { unsafe String(cString: $0) }
        guard let identity = identities.identity(serverName: name) else { return 1 }
        return unsafe identity.install(in: ssl) ? 1 : 0
      }, Unmanaged.passUnretained(identities).toOpaque())
  }

  deinit { unsafe SSL_CTX_free(pointer) }
}

/// The server's side of one handshake, over memory, so that its bytes can be held back, cut and dripped.
@safe
final class TLSServerSession {
  enum Progress { case needsMore, done, failed }

  private let context: TLSServerContext
  private let ssl: OpaquePointer
  private let input: OpaquePointer
  private let output: OpaquePointer

  init(context: TLSServerContext, address: String) throws {
    guard let ssl = unsafe SSL_new(context.pointer), let input = unsafe BIO_new(BIO_s_mem()),
      let output = unsafe BIO_new(BIO_s_mem())
    else { throw TestServerError.openSSL("SSL_new") }
    unsafe SSL_set_bio(ssl, input, output)
    unsafe SSL_set_accept_state(ssl)
    self.context = context
    unsafe self.ssl = ssl
    unsafe self.input = input
    unsafe self.output = output
    guard unsafe context.identities.identity(address: address).install(in: ssl) else {
      throw TestServerError.openSSL("SSL_use_cert_and_key")
    }
  }

  deinit { unsafe SSL_free(ssl) }

  /// Takes what the client sent and goes as far as it can.
  func proceed(with bytes: [UInt8]) -> Progress {
    unsafe BIO_write(input, bytes, Int32(bytes.count))
    ERR_clear_error()
    let status = unsafe SSL_do_handshake(ssl)
    if status == 1 { return .done }
    return unsafe SSL_get_error(ssl, status) == SSL_ERROR_WANT_READ ? .needsMore : .failed
  }

  /// Takes what the client sent after the handshake.
  func feed(_ bytes: [UInt8]) { unsafe BIO_write(input, bytes, Int32(bytes.count)) }

  /// What the client sent, decrypted; empty if it is not yet complete.
  func read() -> [UInt8] {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      ERR_clear_error()
      let count = unsafe SSL_read(ssl, &buffer, Int32(buffer.count))
      guard count > 0 else { return text }
      text += buffer.prefix(Int(count))
    }
  }

  /// Encrypts `bytes` for the client; `takeOutput` then has them.
  func write(_ bytes: [UInt8]) {
    ERR_clear_error()
    unsafe SSL_write(ssl, bytes, Int32(bytes.count))
  }

  /// The certificate that the client presented, as DER.
  func peerCertificate() -> [UInt8]? {
    guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
    defer { unsafe X509_free(certificate) }
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = unsafe i2d_X509(certificate, &bytes)
    guard count > 0, let start = unsafe bytes else { return nil }
    defer { unsafe CRYPTO_free(start, #file, #line) }
    return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
  }

  /// What is to be sent to the client now.
  func takeOutput() -> [UInt8] {
    let count = unsafe BIO_ctrl_pending(output)
    var bytes = [UInt8](repeating: 0, count: count)
    if count > 0 { unsafe BIO_read(output, &bytes, Int32(count)) }
    return bytes
  }
}
