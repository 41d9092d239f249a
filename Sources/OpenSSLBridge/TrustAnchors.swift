// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates
import Glibc
import Synchronization

/// A trust anchor set: the certificates that a path may end in.
///
/// Make one and share it: it is loaded once, and it remembers the paths that it verified.
@safe
package final class TrustAnchors: Sendable {
  /// Where the anchors come from.
  enum Source: Sendable {
    case system
    case bundle
    case pins(Set<Fingerprint>)
  }

  let source: Source
  /// The anchors, where they can be enumerated.
  ///
  /// Those of a bundle; empty for the system's store, of which OpenSSL loads what it needs, and for pins.
  package let certificates: [Certificate]
  /// Whether a path may end in an anchor that is not self-signed.
  let mayEndBelowRoot: Bool
  /// Verified paths, to be used again.
  let memory = PathMemory()
  // An `X509_STORE` has its own lock and is counted by reference; nobody configures this one after `init`, and
  // OpenSSL shares such a store between the connections of an `SSL_CTX` in the same way.
  nonisolated(unsafe) let store: OpaquePointer
  /// Values of the store's objects by address; an object stays in the store, and at its address, as long as the store.
  private let values: Mutex<[UInt: Certificate]>

  private init(source: Source, certificates: [Certificate], store: consuming Handle) {
    self.source = source
    self.certificates = certificates
    mayEndBelowRoot = certificates.contains { !$0.namesAsIssuer($0) }
    values = Mutex([:])
    unsafe self.store = store.relinquish()
  }

  deinit { unsafe X509_STORE_free(store) }

  /// The host's trust store as OpenSSL finds it: its default file and folder, or what `SSL_CERT_FILE` and `SSL_CERT_DIR`
  /// name.
  ///
  /// Certificates of the folder are read when they are first needed; make a new object to forget those that were
  /// removed from it.
  ///
  /// - Parameter file: a file of anchors that takes the place of the host's; its certificates are all read now.
  /// - Returns: the anchors, to be shared.
  /// - Throws: `OpenSSLError` when the store cannot be set up. A host without any anchor is no error here: every path is
  ///   then rejected.
  package static func system(file: String? = nil) throws(OpenSSLError) -> TrustAnchors {
    let store = unsafe try Handle.make("X509_STORE_new", release: X509_STORE_free) { unsafe X509_STORE_new() }
    if let file {
      try OpenSSLCall.success("X509_STORE_load_file") { unsafe X509_STORE_load_file(store.pointer, file) }
    } else {
      try OpenSSLCall.success("X509_STORE_set_default_paths") { unsafe X509_STORE_set_default_paths(store.pointer) }
    }
    return TrustAnchors(source: .system, certificates: [], store: store)
  }

  /// Where the host's trust store has its file: what `SSL_CERT_FILE` names, or OpenSSL's default.
  package static var systemFile: String {
    guard let chosen = unsafe getenv(X509_get_default_cert_file_env()) else {
      return unsafe String(cString: X509_get_default_cert_file())
    }
    return unsafe String(cString: chosen)
  }

  /// Exactly these certificates; one that is not self-signed ends a path when no self-signed one of them does.
  ///
  /// - Throws: `OpenSSLError` when OpenSSL cannot read one of them.
  package static func bundle(_ certificates: [Certificate]) throws(OpenSSLError) -> TrustAnchors {
    TrustAnchors(source: .bundle, certificates: certificates, store: try makeStore(certificates))
  }

  /// Certificates that are known by their SHA-256 only; what the server sends has to contain them.
  ///
  /// The pinned certificate ends the path, wherever in the chain it stands: a pinned leaf does not make its issuer
  /// trusted. A pinned root is preferred to a pinned certificate below it. Signatures, times, purpose and name are judged
  /// as with any anchor.
  ///
  /// - Throws: `OpenSSLError` when OpenSSL cannot make an empty store.
  package static func pins(_ fingerprints: [Fingerprint]) throws(OpenSSLError) -> TrustAnchors {
    TrustAnchors(source: .pins(Set(fingerprints)), certificates: [], store: try makeStore([]))
  }

  /// The set that judges one chain: itself, or for pins those of the given certificates that are pinned.
  func resolved(among candidates: [Certificate]) throws(OpenSSLError) -> TrustAnchors {
    guard case .pins(let pins) = source else { return self }
    let pinned = candidates.filter { pins.contains($0.fingerprint) }
    return try pinned.isEmpty ? self : Self.bundle(pinned)
  }

  /// The set without anchors that share another's name and signed none of `issued`; nil when all may stay.
  ///
  /// Of several anchors with one name, such as the roots of an authority that rolls its key over, OpenSSL takes one by
  /// its key identifier, or the first where there is none, and does not come back for the others.
  func withoutIdleNamesakes(for issued: [Certificate]) throws(OpenSSLError) -> TrustAnchors? {
    let byName = Dictionary(grouping: certificates, by: \.subject)
    let kept = certificates.filter { anchor in
      guard let namesakes = byName[anchor.subject], namesakes.count > 1 else { return true }
      return issued.contains { certificate in
        certificate == anchor
          || certificate.issuer == anchor.subject && IssuerSignature.isGenuine(on: certificate, by: anchor)
      }
    }
    return kept.count == certificates.count ? nil : try Self.bundle(kept)
  }

  /// The value of a certificate that this set's store contributed to a path.
  func certificate(_ object: OpaquePointer) throws(OpenSSLError) -> Certificate {
    let address = UInt(bitPattern: object)
    if let known = values.withLock({ $0[address] }) { return known }
    let certificate = try unsafe X509Codec.encode(object)
    values.withLock { $0[address] = certificate }
    return certificate
  }

  private static func makeStore(_ certificates: [Certificate]) throws(OpenSSLError) -> Handle {
    let store = unsafe try Handle.make("X509_STORE_new", release: X509_STORE_free) { unsafe X509_STORE_new() }
    for certificate in certificates {
      let x509 = try X509Codec.decode(certificate)
      try OpenSSLCall.success("X509_STORE_add_cert") { unsafe X509_STORE_add_cert(store.pointer, x509.pointer) }
    }
    return store
  }
}
