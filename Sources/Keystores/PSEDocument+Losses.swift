// SPDX-License-Identifier: Apache-2.0

import Certificates
import PSEFormat

extension PSEDocument {
  /// What a file that is made anew of ``read()`` would lack, one phrase each; empty when nothing is lost.
  ///
  /// - Parameter read: what ``read()`` returned.
  /// - Returns: phrases for an operator.
  package func losses(in read: ReadKeystore) -> [String] {
    var losses: [String] = []
    var seen: Set<String> = []
    for object in content.objects {
      if case .unknown(let type, _) = object.value {
        losses.append("the object \(object.name) of the unknown type \(type)")
      } else if !seen.insert("\(object.type)").inserted {
        losses.append("a second object of the type of \(object.name)")
      }
    }
    if let certificate = read.certificate, read.key == nil {
      losses.append("the certificate \(certificate.subject), whose private key is not there")
    }
    let kept = Set(read.content.identity?.chain ?? [])
    for issuer in read.issuers where !kept.contains(issuer) {
      losses.append("the certificate \(issuer.subject), which is no issuer of the own one")
    }
    let unsigned = content.trust.count - read.trust.count
    if unsigned > 0 { losses.append("\(unsigned) trusted certificates without their signatures") }
    return losses
  }
}
