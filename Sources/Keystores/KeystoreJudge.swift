// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
package import OpenSSLBridge

/// Says whether the files of a keystore are good, from what was read back of them: the last word before they count.
package enum KeystoreJudge {
  /// What an endpoint sends at present; a consumer with the keystore in hand will be shown this.
  package struct EndpointChain: Sendable {
    package let name: String
    /// Leaf first; must not be empty.
    package let chain: [Certificate]
    /// What the leaf has to be made out to; `nil` leaves that out.
    package let serverName: ServerName?

    package init(name: String, chain: [Certificate], serverName: ServerName?) {
      self.name = name
      self.chain = chain
      self.serverName = serverName
    }
  }

  /// Judges what was read by what was wanted.
  ///
  /// Only parts that the files have room for are judged: the key fits the certificate, the chain is the wanted one and
  /// verifies up to its root, no certificate of it has lapsed, the trust list is exactly the wanted one, and this list
  /// alone, as the only anchors, verifies what each endpoint sends.
  ///
  /// - Parameters:
  ///   - read: What the bytes on disk hold.
  ///   - wanted: What they are to hold.
  ///   - endpointChains: Of the endpoints that the keystore is to trust.
  ///   - now: The time at which all must be valid. UTC.
  /// - Returns: Everything that is wrong; empty when the files are good.
  package static func judge(
    _ read: ReadKeystore, wanted: KeystoreContent, endpointChains: [EndpointChain], now: Date
  ) -> [KeystoreFault] {
    var faults: [KeystoreFault] = []
    if read.parts.contains(.certificate) { faults += certificateFaults(read, wanted.identity, now) }
    if read.parts.contains(.key) { faults += keyFaults(read, wanted.identity) }
    if read.parts.contains(.trust) {
      faults += trustFaults(read.trust, wanted.trust)
      faults += endpointFaults(read.trust, endpointChains, now)
    }
    return faults
  }

  private static func certificateFaults(
    _ read: ReadKeystore, _ wanted: Identity?, _ now: Date
  ) -> [KeystoreFault] {
    guard let wanted else { return read.certificate.map { [.identityUnwanted($0)] } ?? [] }
    guard let found = read.certificate else { return [.identityMissing(wanted: wanted.certificate)] }
    guard found == wanted.certificate else {
      return [.identityDiffers(found: found, wanted: wanted.certificate)]
    }
    let unwanted = Set(read.issuers).subtracting(wanted.chain)
    return wanted.issuers.filter { !read.issuers.contains($0) }.map(KeystoreFault.issuerMissing)
      + read.issuers.filter(unwanted.contains).map(KeystoreFault.issuerUnwanted)
      + chainFaults(Identity(certificate: found, key: wanted.key, issuers: read.issuers), now)
  }

  private static func chainFaults(_ identity: Identity, _ now: Date) -> [KeystoreFault] {
    let lapsed = identity.chain.compactMap { certificate -> KeystoreFault? in
      if certificate.validity.notAfter < now { return .expired(certificate) }
      return certificate.validity.notBefore > now ? .notYetValid(certificate) : nil
    }
    // OpenSSL says the same of the times, and less well.
    guard lapsed.isEmpty, let end = identity.chain.last else { return lapsed }
    let reason = untrusted(identity.chain, by: Result { try TrustAnchors.bundle([end]) }, nil, .any, now)
    return reason.map { [.chainBroken(identity.certificate, reason: $0)] } ?? []
  }

  private static func keyFaults(_ read: ReadKeystore, _ wanted: Identity?) -> [KeystoreFault] {
    guard let certificate = wanted?.certificate else {
      // Whose key it is cannot be said without a certificate; with one, `certificateFaults` has said it.
      return []
    }
    guard let key = read.key else { return [.keyMissing(of: certificate)] }
    do {
      return try key.fits(certificate) ? [] : [.keyDoesNotFit(certificate)]
    } catch {
      return [.chainBroken(certificate, reason: error.description)]
    }
  }

  private static func trustFaults(_ found: [Certificate], _ wanted: [Certificate]) -> [KeystoreFault] {
    let (missing, unwanted) = (Set(wanted).subtracting(found), Set(found).subtracting(wanted))
    return KeystoreContent.ordered(missing).map(KeystoreFault.trustMissing)
      + KeystoreContent.ordered(unwanted).map(KeystoreFault.trustUnwanted)
  }

  private static func endpointFaults(
    _ trust: [Certificate], _ endpoints: [EndpointChain], _ now: Date
  ) -> [KeystoreFault] {
    guard !endpoints.isEmpty else { return [] }
    let anchors: Result<TrustAnchors, any Error> = Result { try TrustAnchors.bundle(trust) }
    return endpoints.compactMap { endpoint in
      untrusted(endpoint.chain, by: anchors, endpoint.serverName, .server, now)
        .map { .endpointUntrusted(name: endpoint.name, reason: $0) }
    }
  }

  /// Why the chain does not lead to one of the anchors, or `nil` when it does.
  private static func untrusted(
    _ chain: [Certificate], by anchors: Result<TrustAnchors, any Error>, _ name: ServerName?,
    _ purpose: PathBuilder.Purpose, _ now: Date
  ) -> String? {
    do {
      let verdict = try PathBuilder.build(
        chain: chain, anchors: anchors.get(), alsoKnown: [], name: name, purpose: purpose, now: now)
      return verdict.path == nil ? verdict.description : nil
    } catch {
      return String(describing: error)
    }
  }
}
