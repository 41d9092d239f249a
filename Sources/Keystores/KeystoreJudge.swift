// SPDX-License-Identifier: Apache-2.0

import Certificates
package import FoundationEssentials
import OpenSSLBridge
import PSEFormat

/// Says whether the files of a keystore are good, from what was read back of them: the last word before they count.
package enum KeystoreJudge {
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
      faults += gaps(in: read.trust, towards: endpointChains, now: now).map(KeystoreFault.endpointUntrusted)
    }
    if read.parts.contains(.objects) {
      faults += Set(wanted.kept.objects).subtracting(read.kept.objects).map(\.name).sorted()
        .map(KeystoreFault.objectMissing)
    }
    return faults
  }

  /// Judges what lies on disk by itself, where nobody can say what is wanted: the files have to agree on one identity.
  ///
  /// A file of the certificate alone is judged as such; the key may lie in another of the files or nowhere. Of trust
  /// lists nothing is said: ``gaps(in:towards:now:)`` does that.
  ///
  /// - Parameters:
  ///   - found: What each file of one keystore holds.
  ///   - now: The time at which all must be valid. UTC.
  /// - Returns: Everything that is wrong with each file, in the same order; empty for a good one.
  package static func judge(onDisk found: [ReadKeystore], now: Date) -> [[KeystoreFault]] {
    let identity = found.dropFirst().reduce(found.first) { $0?.merging($1) }?.content.identity
    return found.map { read in
      var faults: [KeystoreFault] = []
      var others = read
      if identity == nil, let certificate = read.certificate {
        faults += chainFaults(Identity.chain(of: certificate, issuers: read.issuers), now)
        if read.parts.contains(.key) { faults.append(.keyMissing(of: certificate)) }
        others = ReadKeystore(parts: read.parts.intersection(.trust), trust: read.trust)
      }
      let wanted = KeystoreContent(identity: identity, trust: read.trust, kept: read.kept)
      return faults + judge(others, wanted: wanted, endpointChains: [], now: now)
    }
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
    do {
      let verdict = PathBuilder.build(chain: chain, anchors: try TrustAnchors.bundle([end]), purpose: .any, now: now)
      return verdict.path == nil ? [.chainBroken(leaf, reason: verdict.description)] : []
    } catch {
      return [.chainBroken(leaf, reason: String(describing: error))]
    }
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
}
