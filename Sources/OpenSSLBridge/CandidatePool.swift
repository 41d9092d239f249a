// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// Certificates of which a path may be built, as values and as OpenSSL's objects.
@safe
struct CandidatePool: ~Copyable {
  /// A `STACK_OF(X509)` that owns its members, in the order of `certificates`.
  @unsafe let stack: OpaquePointer
  private(set) var certificates: [Certificate] = []
  /// Those that OpenSSL could not read.
  private(set) var unreadable: [(certificate: Certificate, error: OpenSSLError)] = []

  private init(takingOwnership stack: OpaquePointer) { unsafe self.stack = stack }

  static func make() throws(OpenSSLError) -> CandidatePool {
    unsafe CandidatePool(
      takingOwnership: try OpenSSLCall.pointer("sk_X509_new_null") { unsafe COpenSSL_sk_X509_new_null() })
  }

  deinit { unsafe COpenSSL_sk_X509_pop_free(stack) }

  mutating func add(_ certificate: Certificate) {
    do throws(OpenSSLError) {
      try push(try X509Codec.decode(certificate))
      certificates.append(certificate)
    } catch {
      unreadable.append((certificate, error))
    }
  }

  private func push(_ handle: borrowing Handle) throws(OpenSSLError) {
    let (stack, object) = unsafe (self.stack, handle.pointer)
    try OpenSSLCall.success("sk_X509_push") { unsafe COpenSSL_sk_X509_push_up_ref(stack, object) }
  }

  /// OpenSSL's object of a certificate.
  @unsafe
  func object(_ index: Int) -> OpaquePointer? { unsafe COpenSSL_sk_X509_value(stack, CInt(index)) }

  /// The value of an object of this pool, nil for any other object.
  func certificate(_ object: OpaquePointer) -> Certificate? {
    for index in certificates.indices where unsafe self.object(index) == object { return certificates[index] }
    return nil
  }
}
