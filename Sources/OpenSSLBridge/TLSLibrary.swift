// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// OpenSSL with a short list of algorithms, for the handshakes with tracked servers.
///
/// OpenSSL 3.0 walks through every algorithm of the library context whenever it decodes a public key, several times for
/// each certificate that a server sends; that is close to half of what a handshake costs the client. This context
/// therefore offers the default provider's own implementations without the ones that no TLS client needs: it adds no
/// algorithm and no copy of the library, and the distribution's updates apply. See also ``KeyShareReuse``. See provider-base(7) and
/// `OSSL_PROVIDER_add_builtin(3)`.
///
/// A host that runs in FIPS mode keeps its own choice of providers: there the ordinary context is used.
enum TLSLibrary {
  /// The context, or `nil` for the ordinary one; lives as long as the process.
  static var context: OpaquePointer? { unsafe shared.context }

  private static let shared = Short()

  @safe
  private struct Short: Sendable {
    // Contexts are made to be shared by threads, OSSL_LIB_CTX(3).
    nonisolated(unsafe) let context: OpaquePointer?

    init() {
      guard EVP_default_properties_is_fips_enabled(nil) == 0, unsafe Source.shared.provider != nil,
        let context = unsafe OSSL_LIB_CTX_new()
      else {
        unsafe context = nil
        return
      }
      let name = "certrotd-tls"
      guard unsafe OSSL_PROVIDER_add_builtin(context, name, startProvider) == 1,
        unsafe OSSL_PROVIDER_load(context, name) != nil
      else {
        // Slower, not wrong: the ordinary context does all this one does.
        ERR_clear_error()
        unsafe OSSL_LIB_CTX_free(context)
        unsafe self.context = nil
        return
      }
      unsafe self.context = context
    }
  }

  /// What TLS 1.0 to 1.3 and the certificates of servers are made of, by OpenSSL's first name for each.
  ///
  /// Operations that are not listed here, such as random generators, are passed on whole; encoders and stores not at all.
  private static let kept: [Int32: Set<String>] = [
    OSSL_OP_DIGEST: ["MD5", "MD5-SHA1", "SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512"],
    OSSL_OP_CIPHER: [
      "AES-128-CBC", "AES-128-CCM", "AES-128-GCM", "AES-256-CBC", "AES-256-CCM", "AES-256-GCM", "ARIA-128-GCM",
      "ARIA-256-GCM", "CAMELLIA-128-CBC", "CAMELLIA-256-CBC", "ChaCha20-Poly1305", "DES-EDE3-CBC", "NULL",
      // For the random generator, RAND(7).
      "AES-256-CTR",
    ],
    OSSL_OP_MAC: ["HMAC"],
    OSSL_OP_KDF: ["HKDF", "TLS13-KDF", "TLS1-PRF"],
    OSSL_OP_KEYMGMT: ["DH", "DHX", "EC", "ED25519", "ED448", "HMAC", "RSA", "RSA-PSS", "X25519", "X448"],
    OSSL_OP_KEYEXCH: ["DH", "ECDH", "X25519", "X448"],
    OSSL_OP_SIGNATURE: ["ECDSA", "ED25519", "ED448", "HMAC", "RSA"],
    OSSL_OP_ASYM_CIPHER: ["RSA"],
    OSSL_OP_DECODER: ["DER", "EC", "ED25519", "ED448", "RSA", "RSA-PSS"],
  ]

  /// The default provider in a context of its own, and what of it is passed on.
  @safe
  fileprivate struct Source: Sendable {
    static let shared = Source()

    // Written once, before the first use, and never freed; OpenSSL reads them from any thread.
    nonisolated(unsafe) let provider: OpaquePointer?
    nonisolated(unsafe) let functions: UnsafePointer<OSSL_DISPATCH>
    nonisolated(unsafe) let lists: [Int32: UnsafePointer<OSSL_ALGORITHM>]

    init() {
      let provider = unsafe OSSL_LIB_CTX_new().flatMap { unsafe OSSL_PROVIDER_load($0, "default") }
      unsafe self.provider = unsafe provider
      var lists: [Int32: UnsafePointer<OSSL_ALGORITHM>] = unsafe [:]
      if let provider = unsafe provider {
        for (operation, names) in kept {
          var cannotCache: Int32 = 0
          let all = unsafe OSSL_PROVIDER_query_operation(provider, operation, &cannotCache)
          guard let all = unsafe all else { continue }
          unsafe lists[operation] = unsafe Self.shortened(all, operation, names)
        }
        for operation in [OSSL_OP_ENCODER, OSSL_OP_STORE] {
          unsafe lists[operation] = unsafe Self.list([])
        }
      }
      unsafe self.lists = unsafe lists
      let functions = UnsafeMutablePointer<OSSL_DISPATCH>.allocate(capacity: 4)
      // Each function has the type that its number stands for in core_dispatch.h; the table holds them untyped.
      let query:
        @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafeMutablePointer<Int32>?) ->
          UnsafePointer<OSSL_ALGORITHM>? = unsafe queryOperation
      let capabilities:
        @convention(c) (
          UnsafeMutableRawPointer?, UnsafePointer<CChar>?, CapabilityCallback?, UnsafeMutableRawPointer?
        ) -> Int32 = unsafe getCapabilities
      let teardown: @convention(c) (UnsafeMutableRawPointer?) -> Void = unsafe endProvider
      unsafe functions[0] = unsafe OSSL_DISPATCH(
        function_id: OSSL_FUNC_PROVIDER_QUERY_OPERATION, function: unsafeBitCast(query, to: Untyped.self))
      unsafe functions[1] = unsafe OSSL_DISPATCH(
        function_id: OSSL_FUNC_PROVIDER_GET_CAPABILITIES, function: unsafeBitCast(capabilities, to: Untyped.self))
      unsafe functions[2] = unsafe OSSL_DISPATCH(
        function_id: OSSL_FUNC_PROVIDER_TEARDOWN, function: unsafeBitCast(teardown, to: Untyped.self))
      unsafe functions[3] = OSSL_DISPATCH(function_id: 0, function: nil)
      unsafe self.functions = unsafe UnsafePointer(functions)
    }

    private typealias Untyped = @convention(c) () -> Void

    private static func shortened(
      _ all: UnsafePointer<OSSL_ALGORITHM>, _ operation: Int32, _ kept: Set<String>
    ) -> UnsafePointer<OSSL_ALGORITHM> {
      var algorithms: [OSSL_ALGORITHM] = unsafe []
      var next = unsafe all
      while let names = unsafe next.pointee.algorithm_names {
        let name = unsafe String(String(cString: names).prefix { $0 != ":" })
        let properties = unsafe next.pointee.property_definition.map { unsafe String(cString: $0) } ?? ""
        // Of the decoders only those of public keys in certificates.
        let isWanted =
          operation != OSSL_OP_DECODER
          || (properties.contains("input=der") && properties.contains("structure=SubjectPublicKeyInfo"))
        if isWanted, kept.contains(name) {
          let reusesKeys = operation == OSSL_OP_KEYMGMT && name == "X25519"
          unsafe algorithms.append(reusesKeys ? KeyShareReuse.wrapping(next.pointee) : next.pointee)
        }
        unsafe next += 1
      }
      return unsafe list(algorithms)
    }

    private static func list(_ algorithms: [OSSL_ALGORITHM]) -> UnsafePointer<OSSL_ALGORITHM> {
      let list = unsafe UnsafeMutablePointer<OSSL_ALGORITHM>.allocate(capacity: algorithms.count + 1)
      unsafe algorithms.withUnsafeBufferPointer { kept in
        if let start = kept.baseAddress { unsafe list.initialize(from: start, count: kept.count) }
      }
      unsafe (list + algorithms.count).initialize(to: OSSL_ALGORITHM())
      return unsafe UnsafePointer(list)
    }
  }
}

/// `OSSL_CALLBACK` of core.h.
private typealias CapabilityCallback =
  @convention(c) (UnsafePointer<OSSL_PARAM>?, UnsafeMutableRawPointer?) -> Int32

/// The provider's entry point, `OSSL_provider_init` in provider(7): hands out the table of functions.
private func startProvider(
  _ core: OpaquePointer?, _ offered: UnsafePointer<OSSL_DISPATCH>?,
  _ functions: UnsafeMutablePointer<UnsafePointer<OSSL_DISPATCH>?>?,
  _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
  guard let provider = unsafe TLSLibrary.Source.shared.provider else { return 0 }
  unsafe functions?.pointee = unsafe TLSLibrary.Source.shared.functions
  // The algorithms are the default provider's, so they get the default provider's context.
  unsafe context?.pointee = unsafe OSSL_PROVIDER_get0_provider_ctx(provider)
  return 1
}

private func queryOperation(
  _ context: UnsafeMutableRawPointer?, _ operation: Int32, _ cannotCache: UnsafeMutablePointer<Int32>?
) -> UnsafePointer<OSSL_ALGORITHM>? {
  unsafe cannotCache?.pointee = 0
  if let list = unsafe TLSLibrary.Source.shared.lists[operation] { return unsafe list }
  return unsafe OSSL_PROVIDER_query_operation(TLSLibrary.Source.shared.provider, operation, cannotCache)
}

private func getCapabilities(
  _ context: UnsafeMutableRawPointer?, _ capability: UnsafePointer<CChar>?, _ callback: CapabilityCallback?,
  _ argument: UnsafeMutableRawPointer?
) -> Int32 {
  unsafe OSSL_PROVIDER_get_capabilities(TLSLibrary.Source.shared.provider, capability, callback, argument)
}

/// Nothing to end: the default provider lives as long as the process.
private func endProvider(_ context: UnsafeMutableRawPointer?) {}
