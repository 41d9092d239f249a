// SPDX-License-Identifier: Apache-2.0

import PSEFormat

/// The numbered trust list of a PSE, as `sapgenpse maintain_pk -l` numbers it.
struct TrustListReport: Output.Displayable {
  /// An entry: the certificate's fields beside its number.
  struct Entry: Encodable {
    /// From 1, in the order of the file.
    let number: Int
    /// Nil for one that an older writer stored without its signature.
    let certificate: CertificateReport?

    private enum CodingKeys: String, CodingKey { case number }

    func encode(to encoder: any Encoder) throws {
      try certificate?.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(number, forKey: .number)
    }

    var text: String {
      let label = "  \(number)".padding(to: Self.indent.count)
      guard let certificate else { return label + "stored by an older writer without its signature" }
      return label + certificate.text(indent: Self.indent).dropFirst(Self.indent.count)
    }

    private static let indent = "       "
  }

  let entries: [Entry]

  init(_ trust: [PSETrustList.Entry]) {
    entries = trust.enumerated().map { index, entry in
      guard case .certificate(let certificate) = entry else { return Entry(number: index + 1, certificate: nil) }
      return Entry(number: index + 1, certificate: CertificateReport(certificate))
    }
  }

  var text: String {
    (["trust list: \(entries.count) certificate\(entries.count == 1 ? "" : "s")"] + entries.map(\.text))
      .joined(separator: "\n")
  }
}

extension String {
  fileprivate func padding(to length: Int) -> String {
    self + String(repeating: " ", count: max(1, length - count))
  }
}
