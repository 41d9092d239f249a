// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import ChainFetch
package import OpenSSLBridge

/// What one look at an endpoint found: what the server sent, and whether it is to be trusted.
package struct EndpointReport: Sendable {
  package enum Verdict: Sendable {
    /// The chain leads to an anchor.
    case verified(CertificatePath)
    /// A chain came, and it does not lead to an anchor.
    case rejected([CertificateComplaint])
    /// No chain came.
    case failed(ProbeFailure)
    /// The chain could not be judged, since something on this host is missing or broken.
    case notJudged(Culprit, String)
  }

  /// The endpoint's name in the configuration, or how the command line named it.
  package let endpoint: String
  package let chain: Chain?
  package let verdict: Verdict
  /// One answer for each address that was asked.
  package let answers: [AddressAnswer]
  /// Whether the addresses sent different leaves.
  package let disagreement: Bool

  package init(
    endpoint: String, chain: Chain?, verdict: Verdict, answers: [AddressAnswer] = [], disagreement: Bool = false
  ) {
    self.endpoint = endpoint
    self.chain = chain
    self.verdict = verdict
    self.answers = answers
    self.disagreement = disagreement
  }

  /// The verified path, if there is one.
  package var path: CertificatePath? {
    if case .verified(let path) = verdict { path } else { nil }
  }

  /// What is wrong, as one sentence for an operator, and who is at fault; nil when the chain is verified.
  package var fault: (culprit: Culprit, reason: String)? {
    switch verdict {
    case .verified: nil
    case .rejected(let complaints):
      (.server, "the chain is not trusted: " + complaints.map(\.description).joined(separator: "; "))
    case .failed(let failure): (failure.culprit, failure.description)
    case .notJudged(let culprit, let reason): (culprit, reason)
    }
  }
}
