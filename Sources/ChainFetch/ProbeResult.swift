// SPDX-License-Identifier: Apache-2.0

package import Certificates

/// What became of one ``ProbeTarget``.
package struct ProbeResult: Sendable {
  /// One per address that was asked, in the order of the look-up.
  ///
  /// A single one unless every address was wanted; none when that wish failed at the look-up.
  package let answers: [AddressAnswer]
  /// Why there is no chain; also set, beside a chain, when the handshake broke after the chain was seen.
  package let failure: ProbeFailure?
  /// Addresses beyond those asked, when the name has more than ``ChainFetcher`` asks.
  package let addressesLeftOut: Int

  package init(answers: [AddressAnswer], failure: ProbeFailure?, addressesLeftOut: Int = 0) {
    self.answers = answers
    self.failure = failure
    self.addressesLeftOut = addressesLeftOut
  }

  init(_ answer: AddressAnswer) {
    self.init(answers: [answer], failure: answer.failure)
  }

  /// The first chain that was seen.
  package var chain: Chain? { answers.lazy.compactMap(\.chain).first }

  /// Whether addresses showed different leaves.
  package var disagreement: Bool { Set(answers.compactMap(\.chain?.leaf)).count > 1 }
}

/// What one address answered.
package struct AddressAnswer: Sendable {
  /// The address with its port as it was connected to, the proxy's where there is one; `nil` when there was none.
  package let address: String?
  /// What the server sent; may be there beside a failure, when the handshake broke later.
  package let chain: Chain?
  package let failure: ProbeFailure?
  /// Such as `TLSv1.3`; `nil` when the handshake did not get that far.
  package let protocolVersion: String?
  package let timings: ProbeTimings

  package init(
    address: String?, chain: Chain?, failure: ProbeFailure?, protocolVersion: String?, timings: ProbeTimings
  ) {
    self.address = address
    self.chain = chain
    self.failure = failure
    self.protocolVersion = protocolVersion
    self.timings = timings
  }
}

/// How long the parts of a probe took; `nil` for parts that it did not have or did not finish.
package struct ProbeTimings: Hashable, Sendable {
  package var lookup: Duration?
  package var connect: Duration?
  package var proxy: Duration?
  package var handshake: Duration?
  package var whole: Duration = .zero

  package init() {}
}
