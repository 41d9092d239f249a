// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Certificates
package import Host

extension PrivateKey {
  /// The two primes of an RSA key, most significant byte first without leading zeros, the larger one as `p`.
  ///
  /// - Throws: `PrivateKeyError.wrongKind` for a key that is not RSA, or has more than two primes (RFC 8017, section
  ///   3.2, allows that).
  package func rsaPrimes() throws(PrivateKeyError) -> (p: SecretBytes, q: SecretBytes) {
    guard case .rsa = kind else { throw .wrongKind(wanted: "an RSA key", found: "\(kind)") }
    let primes: (p: SecretBytes, q: SecretBytes)?
    do throws(OpenSSLError) {
      primes = try RSANumbers.primes(of: self)
    } catch {
      throw .failed(error)
    }
    guard let primes else { throw .wrongKind(wanted: "an RSA key of two primes", found: "one of more") }
    return primes
  }

  /// Rebuilds an RSA key from its primes, as formats do that store nothing else of it.
  ///
  /// Modulus and exponent come from the certificate, the rest is computed (RFC 8017, section 3.2).
  ///
  /// - Parameters:
  ///   - primes: Both primes in any order, most significant byte first.
  ///   - certificate: Holds the public key.
  /// - Throws: `PrivateKeyError.primesDoNotFit` when their product is not the modulus, `PrivateKeyError.wrongKind` when
  ///   the certificate's key is not RSA.
  package convenience init(
    rsaPrimes primes: (p: SecretBytes, q: SecretBytes), publicKeyOf certificate: Certificate
  ) throws(PrivateKeyError) {
    guard case .rsa = certificate.publicKey.kind else {
      throw .wrongKind(wanted: "a certificate with an RSA key", found: "\(certificate.publicKey.kind)")
    }
    // A product cannot be longer than its factors together; longer input costs time before it is refused.
    guard max(primes.p.count, primes.q.count) * 8 <= OPENSSL_RSA_MAX_MODULUS_BITS else { throw .primesDoNotFit }
    let key: Handle?
    do throws(OpenSSLError) {
      key = try RSANumbers.rebuild(primes, certificate)
    } catch {
      throw .failed(error)
    }
    guard let key else { throw .primesDoNotFit }
    self.init(takingOwnership: key)
  }
}

extension PrivateKey {
  /// The length of the modulus that two primes make, in bits.
  ///
  /// - Throws: `PrivateKeyError.failed`, also for primes longer than those of any key.
  package static func rsaLength(ofPrimes primes: (p: SecretBytes, q: SecretBytes)) throws(PrivateKeyError) -> Int {
    do throws(OpenSSLError) {
      return try RSANumbers.length(ofProductOf: BigNumber.decode(primes.p), BigNumber.decode(primes.q))
    } catch {
      throw .failed(error)
    }
  }
}

/// The arithmetic of RSA keys, RFC 8017 section 3.2, with OpenSSL's numbers.
private enum RSANumbers {
  /// Names of EVP_PKEY-RSA(7), as static strings because a builder keeps the pointer.
  private enum Parameter {
    static let modulus: StaticString = "n"
    static let publicExponent: StaticString = "e"
    static let privateExponent: StaticString = "d"
    static let factor1: StaticString = "rsa-factor1"
    static let factor2: StaticString = "rsa-factor2"
    static let exponent1: StaticString = "rsa-exponent1"
    static let exponent2: StaticString = "rsa-exponent2"
    static let coefficient1: StaticString = "rsa-coefficient1"
  }

  /// The primes, the larger first, or nil when the modulus is not their product.
  static func primes(of key: PrivateKey) throws(OpenSSLError) -> (p: SecretBytes, q: SecretBytes)? {
    let n = try unsafe BigNumber.parameter(Parameter.modulus, of: key.pointer)
    let p = try unsafe BigNumber.parameter(Parameter.factor1, of: key.pointer)
    let q = try unsafe BigNumber.parameter(Parameter.factor2, of: key.pointer)
    guard try isProduct(n, of: p, q) else { return nil }
    let isOrdered = unsafe BN_cmp(p.pointer, q.pointer) > 0
    let (first, second) = (BigNumber.encode(p), BigNumber.encode(q))
    return isOrdered ? (first, second) : (second, first)
  }

  /// The whole key, or nil when the primes are not those of the certificate.
  static func rebuild(
    _ primes: (p: SecretBytes, q: SecretBytes), _ certificate: Certificate
  ) throws(OpenSSLError) -> Handle? {
    let x509 = try X509Codec.decode(certificate)
    let publicKey = unsafe try OpenSSLCall.pointer("X509_get0_pubkey") { unsafe X509_get0_pubkey(x509.pointer) }
    let n = try unsafe BigNumber.parameter(Parameter.modulus, of: publicKey)
    let e = try unsafe BigNumber.parameter(Parameter.publicExponent, of: publicKey)
    var p = try BigNumber.decode(primes.p)
    var q = try BigNumber.decode(primes.q)
    if unsafe BN_cmp(p.pointer, q.pointer) < 0 { swap(&p, &q) }
    // A factor of one would pass the product and make a key that anybody can compute.
    guard unsafe BN_is_zero(q.pointer) == 0, unsafe BN_is_one(q.pointer) == 0, try isProduct(n, of: p, q) else {
      return nil
    }

    let context = unsafe try Handle.make("BN_CTX_secure_new", release: BN_CTX_free) { unsafe BN_CTX_secure_new() }
    let pMinusOne = try predecessor(of: p)
    let qMinusOne = try predecessor(of: q)
    let order = try leastCommonMultiple(pMinusOne, qMinusOne, context)
    guard let d = try inverse(of: e, modulo: order, context), let qInverse = try inverse(of: q, modulo: p, context)
    else { return nil }
    let dP = try remainder(of: d, modulo: pMinusOne, context)
    let dQ = try remainder(of: d, modulo: qMinusOne, context)

    let builder = unsafe try Handle.make("OSSL_PARAM_BLD_new", release: OSSL_PARAM_BLD_free) {
      unsafe OSSL_PARAM_BLD_new()
    }
    try push(n, Parameter.modulus, builder)
    try push(e, Parameter.publicExponent, builder)
    try push(d, Parameter.privateExponent, builder)
    try push(p, Parameter.factor1, builder)
    try push(q, Parameter.factor2, builder)
    try push(dP, Parameter.exponent1, builder)
    try push(dQ, Parameter.exponent2, builder)
    try push(qInverse, Parameter.coefficient1, builder)
    return try key(from: builder)
  }

  private static func key(from builder: borrowing Handle) throws(OpenSSLError) -> Handle {
    let pointer = unsafe builder.pointer
    let parameters = unsafe try OpenSSLCall.pointer("OSSL_PARAM_BLD_to_param") {
      unsafe OSSL_PARAM_BLD_to_param(pointer)
    }
    defer { unsafe OSSL_PARAM_free(parameters) }
    let context = unsafe try Handle.make("EVP_PKEY_CTX_new_from_name", release: EVP_PKEY_CTX_free) {
      unsafe EVP_PKEY_CTX_new_from_name(nil, "RSA", nil)
    }
    try OpenSSLCall.success("EVP_PKEY_fromdata_init") { unsafe EVP_PKEY_fromdata_init(context.pointer) }
    var key: OpaquePointer? = nil
    try OpenSSLCall.success("EVP_PKEY_fromdata") {
      unsafe EVP_PKEY_fromdata(context.pointer, &key, COpenSSL_EVP_PKEY_KEYPAIR, parameters)
    }
    return try unsafe Handle.make("EVP_PKEY_fromdata", release: EVP_PKEY_free) { unsafe key }
  }

  private static func push(
    _ number: borrowing Handle, _ name: StaticString, _ builder: borrowing Handle
  ) throws(OpenSSLError) {
    let (number, builder) = unsafe (number.pointer, builder.pointer)
    try OpenSSLCall.success("OSSL_PARAM_BLD_push_BN") {
      unsafe name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount + 1) { name in
        unsafe OSSL_PARAM_BLD_push_BN(builder, name, number)
      }
    }
  }

  private static func isProduct(
    _ n: borrowing Handle, of p: borrowing Handle, _ q: borrowing Handle
  ) throws(OpenSSLError) -> Bool {
    let product = try product(of: p, q)
    return unsafe BN_cmp(product.pointer, n.pointer) == 0
  }

  static func length(ofProductOf p: consuming Handle, _ q: consuming Handle) throws(OpenSSLError) -> Int {
    let product = try product(of: p, q)
    return Int(unsafe BN_num_bits(product.pointer))
  }

  private static func product(of p: borrowing Handle, _ q: borrowing Handle) throws(OpenSSLError) -> Handle {
    let context = unsafe try Handle.make("BN_CTX_secure_new", release: BN_CTX_free) { unsafe BN_CTX_secure_new() }
    let product = try BigNumber.zero()
    let (p, q) = unsafe (p.pointer, q.pointer)
    try OpenSSLCall.success("BN_mul") { unsafe BN_mul(product.pointer, p, q, context.pointer) }
    return product
  }

  private static func predecessor(of number: borrowing Handle) throws(OpenSSLError) -> Handle {
    let result = try BigNumber.zero()
    let number = unsafe number.pointer
    try OpenSSLCall.success("BN_sub") { unsafe BN_sub(result.pointer, number, BN_value_one()) }
    return result
  }

  private static func leastCommonMultiple(
    _ a: borrowing Handle, _ b: borrowing Handle, _ context: borrowing Handle
  ) throws(OpenSSLError) -> Handle {
    let divisor = try BigNumber.zero()
    let product = try BigNumber.zero()
    let result = try BigNumber.zero()
    let (a, b, context) = unsafe (a.pointer, b.pointer, context.pointer)
    try OpenSSLCall.success("BN_gcd") { unsafe BN_gcd(divisor.pointer, a, b, context) }
    try OpenSSLCall.success("BN_mul") { unsafe BN_mul(product.pointer, a, b, context) }
    try OpenSSLCall.success("BN_div") {
      unsafe BN_div(result.pointer, nil, product.pointer, divisor.pointer, context)
    }
    return result
  }

  private static func remainder(
    of number: borrowing Handle, modulo modulus: borrowing Handle, _ context: borrowing Handle
  ) throws(OpenSSLError) -> Handle {
    let result = try BigNumber.zero()
    let (number, modulus, context) = unsafe (number.pointer, modulus.pointer, context.pointer)
    try OpenSSLCall.success("BN_div") { unsafe BN_div(nil, result.pointer, number, modulus, context) }
    return result
  }

  /// Nil when there is none, which is a property of the input and no failure of OpenSSL.
  private static func inverse(
    of number: borrowing Handle, modulo modulus: borrowing Handle, _ context: borrowing Handle
  ) throws(OpenSSLError) -> Handle? {
    let result = try BigNumber.zero()
    let (number, modulus, context) = unsafe (number.pointer, modulus.pointer, context.pointer)
    let found = unsafe OpenSSLCall.observed { unsafe BN_mod_inverse(result.pointer, number, modulus, context) }
    guard unsafe found.result != nil else { return nil }
    return result
  }
}
