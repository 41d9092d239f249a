// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import ChainFetch
import Foundation
import OpenSSLBridge
import Rotation

/// What `certrotd fetch` shows: the chain that the server sent, the path that was built, and the verdict.
struct FetchReport: Output.Displayable {
  struct Answer: Encodable {
    let address: String
    let leaf: String?
    let fault: String?
  }

  let server: String
  let verified: Bool
  let reason: String?
  let culprit: String?
  let chain: [CertificateReport]
  let path: [CertificateReport]
  let answers: [Answer]
  let disagreement: Bool
  /// Why the certificates could not be saved; nil when they were, or did not have to be.
  let error: String?
  let exitCode: Int32?

  private enum CodingKeys: String, CodingKey {
    case server, verified, reason, culprit, chain, path, answers, disagreement, error
    case exitCode = "exit-code"
  }

  init(_ report: EndpointReport, server: String, error: String? = nil, exitCode: ExitCode? = nil) {
    self.server = server
    self.error = error
    self.exitCode = exitCode?.rawValue
    verified = report.path != nil
    reason = report.fault?.reason
    culprit = report.fault?.culprit.rawValue
    chain = (report.chain?.certificates ?? []).map { CertificateReport($0) }
    path = (report.path?.certificates ?? []).map { CertificateReport($0) }
    answers = report.answers.map { answer in
      Answer(
        address: answer.address ?? "-", leaf: answer.chain.map(\.leaf.fingerprint.description),
        fault: answer.failure?.description)
    }
    disagreement = report.disagreement
  }

  var text: String {
    var lines: [String] = []
    if !chain.isEmpty { lines.append("\(server) sent \(Output.count(chain.count, "certificate"))") }
    lines += Self.numbered(chain)
    if !path.isEmpty {
      lines.append("the path to the anchor")
      lines += path.enumerated().map { "  \($0.offset)  \($0.element.subject)" }
    }
    if disagreement { lines.append("its addresses send different certificates") }
    for answer in answers where answers.count > 1 {
      lines.append("  \(answer.address)  \(answer.leaf ?? answer.fault ?? "no chain")")
    }
    lines.append(verified ? "verified" : "not verified (at fault: \(culprit ?? "?")): \(reason ?? "")")
    return lines.joined(separator: "\n")
  }

  private static func numbered(_ certificates: [CertificateReport]) -> [String] {
    certificates.enumerated().map { index, certificate in
      let text = certificate.text(indent: "     ")
      return "  \(index)  " + text.dropFirst(5)
    }
  }
}
