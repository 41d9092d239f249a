// SPDX-License-Identifier: Apache-2.0

package import Certificates
import OpenSSLBridge
import PSEFormat

extension PSEDocument {
  /// What a file that is made anew would lack, one sentence each with what to do about it; empty when nothing is lost.
  ///
  /// Objects of unknown types are no loss, since they are handed on as they are.
  ///
  /// - Parameters:
  ///   - read: what ``read()`` returned.
  ///   - identity: what is taken over, with all its issuers; nil when there is none.
  ///   - unwanted: certificates that may be lost.
  /// - Returns: sentences for an operator.
  package func losses(
    in read: ReadKeystore, identity: Identity?, besides unwanted: Set<Fingerprint>
  ) -> [String] {
    var losses: [String] = []
    for (type, what) in [(PSEObjectType.privateKey, "private key"), (.certificate, "own certificate")] {
      guard content.objects.count(where: { "\($0.type)" == "\(type.identifier)" }) > 1 else { continue }
      losses.append(
        "a second \(what) (\(type.rawValue)), and a keystore has one: take the wanted identity out with the tool that made "
          + "the file, or with “certrotd pse export --pfx”, and adopt what “certrotd pse create --from” makes of it")
    }
    if let certificate = read.certificate, read.key == nil {
      losses.append(
        "the certificate \(certificate.subject), whose private key is not there: a certificate without its key is of no "
          + "use to a consumer; name the file that holds the key, or leave 'adopt' out and trust what it trusts")
    }
    let kept = Set(identity?.chain ?? [])
    for issuer in read.issuers where read.key != nil && !kept.contains(issuer) && !unwanted.contains(issuer.fingerprint)
    {
      losses.append(
        "the certificate \(issuer.subject) beside the chain of the own one: if it is not needed, say so with "
          + "'without: [\"sha256:\(issuer.fingerprint)\"]' under 'adopt'")
    }
    let unsigned = content.trust.count - read.trust.count
    if unsigned > 0 {
      losses.append(
        "\(unsigned) trusted \(unsigned == 1 ? "certificate without its signature" : "certificates without their signatures"), "
          + "which nobody can check: remove them from a copy with "
          + "“certrotd pse trust remove”, and adopt the copy")
    }
    return losses
  }
}
