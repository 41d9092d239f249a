// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc
package import Host
import SystemPackage

/// The client's side of one handshake on a non-blocking socket.
///
/// Not `Sendable`: it belongs to the thread that drives it. It does not own the socket, and sends no `close_notify`.
@safe
package final class TLSSession {
  /// How far the handshake has come.
  package enum Step {
    case wantsRead
    case wantsWrite
    case done
    case failed(TLSFailure)
  }

  /// The certificates that the server sent, DER, in its order; known from the Certificate message on, also when the
  /// handshake fails later.
  package private(set) var peerCertificates: [[UInt8]] = []
  private let pointer: OpaquePointer
  private let policy: TLSPolicy
  private var failure: TLSFailure?
  /// In bytes.
  private var received = 0

  /// Prepares a handshake; nothing is sent before the first ``step()``.
  ///
  /// - Parameters:
  ///   - policy: Shared by any number of sessions.
  ///   - socket: Connected, non-blocking; must stay open as long as the session lives.
  ///   - serverName: The DNS name for server name indication (RFC 6066, section 3), `nil` for none. Never an address.
  /// - Throws: `OpenSSLError` for no memory, or for a name that is longer than 255 bytes.
  package init(
    policy: TLSPolicy, socket: borrowing StreamSocket, serverName: String?
  ) throws(OpenSSLError) {
    let number = socket.descriptor.rawValue
    self.policy = policy
    unsafe pointer = try OpenSSLCall.pointer("SSL_new") { unsafe SSL_new(policy.pointer) }
    unsafe SSL_set_connect_state(pointer)
    try OpenSSLCall.success("SSL_set_fd") { unsafe SSL_set_fd(pointer, number) }
    let socketBIO = unsafe SSL_get_rbio(pointer)
    unsafe BIO_set_callback_arg(
      socketBIO, Unmanaged.passUnretained(self).toOpaque().assumingMemoryBound(to: CChar.self))
    unsafe BIO_set_callback_ex(socketBIO, countBytes)
    try OpenSSLCall.success("SSL_set_ex_data") {
      unsafe SSL_set_ex_data(pointer, Self.sessionIndex, Unmanaged.passUnretained(self).toOpaque())
    }
    if let serverName {
      try OpenSSLCall.success("SSL_set_tlsext_host_name") {
        unsafe COpenSSL_SSL_set_tlsext_host_name(pointer, serverName)
      }
    }
  }

  deinit { unsafe SSL_free(pointer) }

  /// Goes as far as the socket allows without waiting.
  package func step() -> Step {
    // The system's errno is read at once, before anything else may set it.
    let (outcome, entries) = OpenSSLCall.observed {
      Glibc.errno = 0
      let status = unsafe SSL_do_handshake(pointer)
      return (
        status: status, reason: status == 1 ? SSL_ERROR_NONE : unsafe SSL_get_error(pointer, status),
        errno: Errno(rawValue: Glibc.errno)
      )
    }
    if let failure { return .failed(failure) }
    if outcome.status == 1 { return peerCertificates.isEmpty ? .failed(.noCertificate) : .done }
    switch outcome.reason {
    case SSL_ERROR_WANT_READ: return .wantsRead
    case SSL_ERROR_WANT_WRITE: return .wantsWrite
    // A close_notify (RFC 8446, section 6.1).
    case SSL_ERROR_ZERO_RETURN: return .failed(.closed)
    case SSL_ERROR_SYSCALL where entries.isEmpty:
      return .failed(outcome.errno.rawValue == 0 ? .closed : .connection(outcome.errno))
    default:
      return .failed(TLSFailure(entries: entries, state: unsafe SSL_get_state(pointer)))
    }
  }

  /// The version agreed on, such as `TLSv1.3`.
  package var protocolVersion: String { unsafe String(cString: SSL_get_version(pointer)) }

  /// The cipher suite agreed on, by OpenSSL's name; `nil` before there is one.
  package var cipher: String? {
    unsafe SSL_get_current_cipher(pointer).flatMap { unsafe SSL_CIPHER_get_name($0) }
      .map { unsafe String(cString: $0) }
  }

  /// Whether the server may send more.
  ///
  /// Some messages have no end, such as HelloRequest (RFC 5246, section 7.4.1.1): OpenSSL would read them within one call
  /// for as long as they come, and no deadline is looked at meanwhile.
  fileprivate func mayReceive() -> Bool {
    guard received >= policy.handshakeLimit else { return true }
    failure = .endless(bytes: received)
    return false
  }

  fileprivate func note(received count: Int) { received += count }

  /// Keeps the encodings of the certificates.
  func capture(_ certificates: OpaquePointer?) {
    let count = unsafe Int(COpenSSL_sk_X509_num(certificates))
    guard count <= policy.certificateLimit else {
      failure = .chainTooLarge
      return
    }
    do throws(OpenSSLError) {
      // OpenSSL kept the bytes it parsed, so this copies them and encodes nothing anew.
      var encodings: [[UInt8]] = []
      for index in 0..<Int32(clamping: max(0, count)) {
        let certificate = unsafe COpenSSL_sk_X509_value(certificates, index)
        encodings.append(try unsafe DEROutput.encode("i2d_X509") { unsafe i2d_X509(certificate, $0) })
      }
      peerCertificates = encodings
    } catch {
      failure = .local(error)
    }
  }

  /// Where an `SSL` keeps the session it belongs to; 0 is reserved for applications, `SSL_set_app_data` in ssl.h.
  static let sessionIndex: Int32 = 0
}

/// Called before and after each operation of the BIO that stands for a session's socket, BIO_set_callback_ex(3).
private func countBytes(
  _ bio: OpaquePointer?, _ operation: Int32, _ bytes: UnsafePointer<CChar>?, _ length: Int, _ number: Int32,
  _ value: CLong, _ result: Int32, _ count: UnsafeMutablePointer<Int>?
) -> CLong {
  let isAfter = operation & BIO_CB_RETURN != 0
  guard operation & ~BIO_CB_RETURN == BIO_CB_READ, let argument = unsafe BIO_get_callback_arg(bio) else {
    return CLong(result)
  }
  let session = unsafe Unmanaged<TLSSession>.fromOpaque(argument).takeUnretainedValue()
  guard isAfter else { return session.mayReceive() ? 1 : -1 }
  if result > 0, let count = unsafe count { unsafe session.note(received: count.pointee) }
  return CLong(result)
}
