// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import FoundationEssentials

extension PSEContent {
  /// Puts a content together from its parts; the same parts give the same bytes.
  ///
  /// - Parameters:
  ///   - identity: the own key and certificate, or `nil` for a PSE that only trusts.
  ///   - trust: the trust list in any order; without one no `PKList` is written.
  ///   - kept: objects of other files that are handed on unchanged.
  ///   - list: what `CertList` of an issued identity holds; for a self-signed one both are the same.
  ///   - derivation: salt and iterations; SAP's tools write them even where no PIN makes use of them.
  ///   - created: when the file was first made.
  ///   - changed: when the objects were made; SAP's tools set it anew at every change. Both in whole seconds.
  /// - Returns: a content that ``PSEFile/init(_:)`` makes a file of.
  /// - Throws: ``PSEError/unbuildable(part:reason:)`` when there is neither identity nor trust, or a part does not fit.
  package static func make(
    identity: PSEIdentity?, trust: [Certificate], kept: PSEKeptObjects = .none,
    list: PSECertificateListReading = .issuers, derivation: PINDerivation, created: Date, changed: Date? = nil
  ) throws(PSEError) -> PSEContent {
    guard identity != nil || !trust.isEmpty else {
      throw .unbuildable(part: "trust list", reason: "there is no identity and nothing to trust")
    }
    let changed = changed ?? created
    guard PSETime(created).isExpressible, PSETime(changed).isExpressible else {
      throw .unbuildable(part: "time", reason: "the year is not from 1 to 9999; check the system clock")
    }
    var objects = try identity.map { identity throws(PSEError) in try own(identity, list, changed) } ?? []
    if !trust.isEmpty {
      objects.append(PSEObject(.trustList, created: changed, value: .trustList(PSETrustList(trust))))
    }
    objects += kept.objects
    do {
      return try PSEContent(
        algorithm: .pinEncryption(derivation), created: created, keyFlag: identity == nil ? nil : 1,
        objects: objects)
    } catch {
      throw .unbuildable(part: "objects", reason: String(describing: error))
    }
  }

  /// The objects of an identity.
  ///
  /// Self-signed: as genuine files have them. Issued: `CertList` holds every issuer up to the root and `FCPath` those
  /// between, as the one reading of the object names under which the self-signed files are no special case (there, the
  /// certificate is its own issuer and root, and nothing stands between). Unproven by a genuine file, which is why the
  /// other reading of `CertList` can be chosen.
  private static func own(
    _ identity: PSEIdentity, _ list: PSECertificateListReading, _ time: Date
  ) throws(PSEError) -> [PSEObject] {
    let above = identity.issuers + [identity.root]
    var objects = [
      PSEObject(.privateKey, created: time, value: .privateKey(.rsa(identity.primes))),
      PSEObject(.root, created: time, value: .root(try PSERoot(identity.root))),
      PSEObject(.certificate, created: time, value: .certificate(identity.certificate)),
      PSEObject(
        .certificateList, created: time,
        value: .certificateList(PSECertificateSet(list == .chain ? [identity.certificate] + above : above))),
    ]
    if !identity.issuers.isEmpty {
      objects.append(
        PSEObject(.forwardPath, created: time, value: .forwardPath(PSEForwardPath(identity.issuers))))
    }
    return objects
  }
}
