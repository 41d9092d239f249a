// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// Certificates on their way into OpenSSL and out of it.
enum X509Codec {
  /// Gives OpenSSL's own object of a certificate, `d2i_X509(3)`, to be read only: others may have the same one.
  ///
  /// - Throws: `OpenSSLError` for what OpenSSL cannot read, such as an algorithm that it does not know how to encode.
  static func decode(_ certificate: Certificate) throws(OpenSSLError) -> Handle {
    let shared = try cache.value(for: certificate.derBytes) { () throws(OpenSSLError) in
      SharedX509(
        try unsafe Handle.make("d2i_X509", release: X509_free) {
          unsafe certificate.derBytes.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            return unsafe d2i_X509(nil, &next, CLong(buffer.count))
          }
        })
    }
    return shared.handle()
  }

  /// The same with the short list of algorithms of ``TLSLibrary``, which takes a third of the time.
  ///
  /// For reading what a certificate says: its key may be of a kind that is not on the list, and then there is none.
  static func decodeWithoutKey(_ certificate: Certificate) throws(OpenSSLError) -> Handle {
    unsafe try Handle.make("d2i_X509", release: X509_free) {
      unsafe certificate.derBytes.withUnsafeBufferPointer { buffer in
        var next = buffer.baseAddress
        // A failure frees the object and clears the variable, d2i_X509(3).
        var object = unsafe X509_new_ex(TLSLibrary.context, nil)
        guard unsafe object != nil else { return nil }
        return unsafe d2i_X509(&object, &next, CLong(buffer.count))
      }
    }
  }

  /// Reads OpenSSL's object as a value.
  ///
  /// - Throws: `OpenSSLError` when it cannot be encoded, or when OpenSSL accepts what ``Certificate`` does not.
  static func encode(_ pointer: OpaquePointer) throws(OpenSSLError) -> Certificate {
    let bytes = unsafe try DEROutput.encode("i2d_X509") { unsafe i2d_X509(pointer, $0) }
    do throws(CertificateError) {
      return try Certificate(derEncoded: bytes)
    } catch {
      let entry = OpenSSLError.Entry(code: 0, library: "certrotd", reason: error.description, data: nil)
      throw OpenSSLError(function: "i2d_X509", entries: [entry])
    }
  }

  // OpenSSL 3.0 walks through every decoder and kind of key for each public key: six times the cost of a signature's check.
  private static let cache = CertificateCache<SharedX509>()
}

/// OpenSSL's object of a certificate, with a reference of its own.
@safe
private final class SharedX509: Sendable {
  // Nobody sets anything in it after `init`; it is counted by reference, and OpenSSL has a lock of its own around what it
  // works out later, as for the certificates of a store that connections of several threads share.
  private nonisolated(unsafe) let pointer: OpaquePointer

  init(_ handle: consuming Handle) { unsafe pointer = handle.relinquish() }

  deinit { unsafe X509_free(pointer) }

  func handle() -> Handle {
    unsafe X509_up_ref(pointer)
    return unsafe Handle(takingOwnership: pointer, release: X509_free)
  }
}
