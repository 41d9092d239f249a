// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials
package import OpenSSLBridge
import PSEFormat

/// Says whether the files of a keystore are good, from what was read back of them: the last word before they count.
package enum KeystoreJudge {
  /// What an endpoint sends; a consumer with the keystore in hand will be shown this.
  package struct EndpointChain: Sendable {
    package let name: String
    /// Leaf first; must not be empty.
    package let chain: [Certificate]
    /// What the leaf has to be made out to; `nil` leaves that out.
    package let serverName: ServerName?
    /// The way by which the chain verified before, leaf first; empty when it is to be judged as it comes.
    fileprivate let path: [Certificate]
    /// When it did so; `nil` judges the chain by the time of the judgement.
    fileprivate let verifiedAt: Date?

    /// A chain as the endpoint sends it now: its times and its name count.
    package init(name: String, chain: [Certificate], serverName: ServerName?) {
      (self.name, self.chain, self.serverName) = (name, chain, serverName)
      (path, verifiedAt) = ([], nil)
    }

    /// A chain that verified at `verifiedAt`, UTC, by `path`.
    ///
    /// Only the trust list is judged by it. That the server's certificate has ended since, that it is made out to
    /// another name than the settings have now, or that the server leaves out an issuer is no fault of the list, and
    /// must not keep a keystore from a new identity.
    package init(name: String, chain: [Certificate], path: [Certificate], verifiedAt: Date) {
      (self.name, self.chain, serverName) = (name, chain, nil)
      (self.path, self.verifiedAt) = (path, verifiedAt)
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
    if read.parts.contains(.objects) {
      faults += Set(wanted.kept.objects).subtracting(read.kept.objects).map(\.name).sorted()
        .map(KeystoreFault.objectMissing)
    }
    return faults
  }

  /// Judges what lies on disk by itself, where nobody can say what is wanted: the files have to agree on one identity.
  ///
  /// A file of the certificate alone is judged as such; the key may lie in another of the files or nowhere.
  ///
  /// - Parameters:
  ///   - found: What each file of one keystore holds.
  ///   - endpointChains: Of the endpoints that the keystore is to trust.
  ///   - now: The time at which all must be valid. UTC.
  /// - Returns: Everything that is wrong; empty when the files are good.
  package static func judge(
    onDisk found: [ReadKeystore], endpointChains: [EndpointChain], now: Date
  ) -> [KeystoreFault] {
    let identity = found.dropFirst().reduce(found.first) { $0?.merging($1) }?.content.identity
    var faults: [KeystoreFault] = []
    for read in found {
      var others = read
      if identity == nil, let certificate = read.certificate {
        faults += chainFaults(Identity.chain(of: certificate, issuers: read.issuers), now)
        if read.parts.contains(.key) { faults.append(.keyMissing(of: certificate)) }
        others = ReadKeystore(parts: read.parts.intersection(.trust), trust: read.trust)
      }
      let wanted = KeystoreContent(identity: identity, trust: read.trust, kept: read.kept)
      faults += judge(others, wanted: wanted, endpointChains: endpointChains, now: now)
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
      + chainFaults(Identity.chain(of: found, issuers: read.issuers), now)
  }

  private static func chainFaults(_ chain: [Certificate], _ now: Date) -> [KeystoreFault] {
    let lapsed = chain.compactMap { certificate -> KeystoreFault? in
      if certificate.validity.notAfter < now { return .expired(certificate) }
      return certificate.validity.notBefore > now ? .notYetValid(certificate) : nil
    }
    // OpenSSL says the same of the times, and less well.
    guard lapsed.isEmpty, let leaf = chain.first, let end = chain.last else { return lapsed }
    let reason = untrusted(chain, by: Result { try TrustAnchors.bundle([end]) }, nil, .any, now)
    return reason.map { [.chainBroken(leaf, reason: $0)] } ?? []
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
    let anchors = Result { try TrustAnchors.bundle(trust) }
    return endpoints.compactMap { endpoint in
      // What has ended is in no trust list, and has no successor before the server shows one.
      let ended = endpoint.path.dropFirst().filter { $0.validity.notAfter <= now }
      return untrusted(
        endpoint.chain, by: ended.isEmpty ? anchors : Result { try TrustAnchors.bundle(trust + ended) },
        alsoKnown: endpoint.path, endpoint.serverName, .server, endpoint.verifiedAt ?? now
      ).map { .endpointUntrusted(name: endpoint.name, reason: $0) }
    }
  }

  /// Why the chain does not lead to one of the anchors, or `nil` when it does.
  private static func untrusted(
    _ chain: [Certificate], by anchors: Result<TrustAnchors, any Error>, alsoKnown: [Certificate] = [],
    _ name: ServerName?, _ purpose: PathBuilder.Purpose, _ now: Date
  ) -> String? {
    do {
      let verdict = try PathBuilder.build(
        chain: chain, anchors: anchors.get(), alsoKnown: alsoKnown, name: name, purpose: purpose, now: now)
      return verdict.path == nil ? verdict.description : nil
    } catch {
      return String(describing: error)
    }
  }
}
