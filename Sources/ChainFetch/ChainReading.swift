// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host

/// Turns what a server sent into a chain, off the event loops.
struct ChainReading: Sendable {
  private let cache = CertificateCache<Certificate>()

  /// Reads the certificates of a report.
  ///
  /// A certificate that cannot be read is left out and told as the failure, unless there is an earlier one; without a
  /// readable leaf there is no chain.
  func answer(_ report: ProbeReport) -> AddressAnswer {
    var certificates: [Certificate] = []
    var failure = report.failure
    for (index, bytes) in report.certificates.enumerated() {
      do throws(CertificateError) {
        let certificate = try cache.value(for: bytes) { () throws(CertificateError) in
          try Certificate(derEncoded: bytes)
        }
        certificates.append(certificate)
      } catch {
        failure =
          failure
          ?? ProbeFailure(
            kind: .certificateUnreadable("number \(index + 1) of \(report.certificates.count): \(error)"),
            phase: .handshake, server: report.server, proxy: report.proxy, address: report.address?.host)
        if index == 0 { break }
      }
    }
    return AddressAnswer(
      address: report.address?.description, chain: Chain(certificates), failure: failure,
      protocolVersion: report.protocolVersion, timings: report.timings)
  }
}
