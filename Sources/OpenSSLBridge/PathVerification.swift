// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates
import FoundationEssentials

/// One run of X509_verify_cert(3) that does not stop at the first complaint.
struct PathVerification {
  let anchors: TrustAnchors
  let purpose: PathBuilder.Purpose
  let now: Date
  /// Whether an anchor that is not self-signed may end the path, `X509_V_FLAG_PARTIAL_CHAIN`.
  let mayEndBelowRoot: Bool

  /// Verifies the pool's first certificate with the help of the others.
  func run(_ pool: borrowing CandidatePool) throws(OpenSSLError) -> PathFindings {
    let context = unsafe try Handle.make("X509_STORE_CTX_new", release: X509_STORE_CTX_free) {
      unsafe X509_STORE_CTX_new()
    }
    let stack = unsafe pool.stack
    let leaf = unsafe pool.object(0)
    try OpenSSLCall.success("X509_STORE_CTX_init") {
      unsafe X509_STORE_CTX_init(context.pointer, anchors.store, leaf, stack)
    }
    try unsafe configure(X509_STORE_CTX_get0_param(context.pointer))
    var complaints: [RawComplaint] = []
    let result = unsafe withUnsafeMutablePointer(to: &complaints) { list in
      unsafe X509_STORE_CTX_set_ex_data(context.pointer, CInt(applicationData), list)
      unsafe X509_STORE_CTX_set_verify_cb(context.pointer, collectComplaint)
      // What OpenSSL leaves in its error queue here repeats what the callback was told.
      return OpenSSLCall.observed { unsafe X509_verify_cert(context.pointer) }.result
    }
    let path = try path(context, pool)
    complaints.removeAll { mayEndBelowRoot && depth(of: $0, context) >= path.count }
    if result == 1, complaints.isEmpty {
      return PathFindings(path: CertificatePath(path), complaints: [])
    }
    if complaints.isEmpty {
      let code = unsafe X509_STORE_CTX_get_error(context.pointer)
      complaints.append(RawComplaint(code: code, depth: 0, address: 0))
    }
    return PathFindings(path: nil, complaints: describe(complaints, context, path))
  }

  private func configure(_ parameters: OpaquePointer?) throws(OpenSSLError) {
    try OpenSSLCall.success("X509_VERIFY_PARAM_set_flags") {
      let partial = mayEndBelowRoot ? CUnsignedLong(X509_V_FLAG_PARTIAL_CHAIN) : 0
      return unsafe X509_VERIFY_PARAM_set_flags(parameters, CUnsignedLong(X509_V_FLAG_TRUSTED_FIRST) | partial)
    }
    unsafe X509_VERIFY_PARAM_set_time(parameters, now.unixSeconds)
    unsafe X509_VERIFY_PARAM_set_depth(parameters, Self.depthLimit)
    unsafe X509_VERIFY_PARAM_set_auth_level(parameters, SecurityLevel.host)
    let use = Self.use(of: purpose)
    guard let use else { return }
    try OpenSSLCall.success("X509_VERIFY_PARAM_set_purpose") {
      unsafe X509_VERIFY_PARAM_set_purpose(parameters, use.purpose)
    }
    try OpenSSLCall.success("X509_VERIFY_PARAM_set_trust") {
      unsafe X509_VERIFY_PARAM_set_trust(parameters, use.trust)
    }
  }

  private static func use(of purpose: PathBuilder.Purpose) -> (purpose: CInt, trust: CInt)? {
    switch purpose {
    case .server: (X509_PURPOSE_SSL_SERVER, X509_TRUST_SSL_SERVER)
    case .client: (X509_PURPOSE_SSL_CLIENT, X509_TRUST_SSL_CLIENT)
    case .any: nil
    }
  }

  /// The certificates as far as OpenSSL got, leaf first.
  private func path(
    _ context: borrowing Handle, _ pool: borrowing CandidatePool
  ) throws(OpenSSLError) -> [Certificate] {
    guard let stack = unsafe X509_STORE_CTX_get0_chain(context.pointer) else { return [] }
    var count = unsafe COpenSSL_sk_X509_num(stack)
    if mayEndBelowRoot {
      // A leaf that is itself an anchor keeps what was sent above it in OpenSSL's chain, which nobody vouches for.
      count = min(count, unsafe X509_STORE_CTX_get_num_untrusted(context.pointer) + 1)
    }
    var path: [Certificate] = []
    for index in 0..<count {
      guard let object = unsafe COpenSSL_sk_X509_value(stack, index) else { continue }
      if let known = unsafe pool.certificate(object) {
        path.append(known)
      } else {
        path.append(try unsafe anchors.certificate(object))
      }
    }
    return path
  }

  /// Puts OpenSSL's complaints into words, each once.
  private func describe(
    _ raw: [RawComplaint], _ context: borrowing Handle, _ path: [Certificate]
  ) -> [CertificateComplaint] {
    var complaints: [CertificateComplaint] = []
    for complaint in raw {
      let depth = depth(of: complaint, context)
      let certificate = path.indices.contains(depth) ? path[depth] : nil
      let described = CertificateComplaint(depth: depth, certificate: certificate, reason: reason(complaint.code))
      if !complaints.contains(described) { complaints.append(described) }
    }
    return complaints
  }

  /// The depth that OpenSSL reports is sometimes the issuer's: the object says which one is meant.
  private func depth(of complaint: RawComplaint, _ context: borrowing Handle) -> Int {
    let stack = unsafe X509_STORE_CTX_get0_chain(context.pointer)
    for index in 0..<max(0, unsafe COpenSSL_sk_X509_num(stack)) {
      let object = unsafe COpenSSL_sk_X509_value(stack, index)
      if UInt(bitPattern: object) == complaint.address { return Int(index) }
    }
    return Int(complaint.depth)
  }

  private func reason(_ code: CInt) -> CertificateComplaint.Reason {
    let text = unsafe String(cString: X509_verify_cert_error_string(CLong(code)))
    return switch code {
    case X509_V_ERR_CERT_HAS_EXPIRED: .expired
    case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      .unknownIssuer
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: .selfSignedNotTrusted
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: .badSignature
    case X509_V_ERR_INVALID_PURPOSE: .wrongPurpose(purpose)
    case X509_V_ERR_INVALID_CA, X509_V_ERR_KEYUSAGE_NO_CERTSIGN: .notACA
    case X509_V_ERR_PATH_LENGTH_EXCEEDED, X509_V_ERR_CERT_CHAIN_TOO_LONG: .pathTooLong
    case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK: .weak(text)
    default: .other(code: Int(code), text: text)
    }
  }

  /// Issuers between the leaf and the anchor; real paths have one to three.
  private static let depthLimit: CInt = 16
}

/// What OpenSSL's callback was told, before it is put into words.
private struct RawComplaint {
  let code: CInt
  let depth: CInt
  /// Of OpenSSL's certificate object, 0 for none; only compared, never followed.
  let address: UInt
}

/// `X509_STORE_CTX_get_app_data(3)` is a macro for this slot of the extra data.
private let applicationData = 0

/// X509_STORE_CTX_verify_cb(3): takes the complaint down and lets the verification go on.
private func collectComplaint(isFine: CInt, context: OpaquePointer?) -> CInt {
  guard isFine != 1 else { return 1 }
  guard
    let list = unsafe X509_STORE_CTX_get_ex_data(context, CInt(applicationData))?
      .assumingMemoryBound(to: [RawComplaint].self)
  else { return 0 }
  let complaint = unsafe RawComplaint(
    code: X509_STORE_CTX_get_error(context), depth: X509_STORE_CTX_get_error_depth(context),
    address: UInt(bitPattern: X509_STORE_CTX_get_current_cert(context)))
  unsafe list.pointee.append(complaint)
  return 1
}
