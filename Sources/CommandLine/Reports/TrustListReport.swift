// SPDX-License-Identifier: Apache-2.0

import PSEFormat

/// The numbered trust list of a PSE, as `sapgenpse maintain_pk -l` numbers it.
struct TrustListReport: Output.Displayable {
  /// An entry: the certificate's fields beside its number.
  struct Entry: Encodable {
    /// From 1, in the order of the file.
    let number: Int
    /// Whether it is a whole certificate; older writers stored some without their signatures.
    let isSigned: Bool
    /// Nil for one without its signature that says nothing readable.
    let certificate: CertificateReport?

    private enum CodingKeys: String, CodingKey { case number, unsigned }

    func encode(to encoder: any Encoder) throws {
      try certificate?.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(number, forKey: .number)
      if !isSigned { try container.encode(true, forKey: .unsigned) }
    }

    var text: String {
      let label = "  \(number)".padding(to: Self.indent.count)
      guard let certificate else { return label + "stored without its signature by an older writer, and not readable" }
      return label + certificate.text(indent: Self.indent).dropFirst(Self.indent.count)
    }

    private static let indent = "       "
  }

  let entries: [Entry]

  init(_ trust: [PSETrustList.Entry]) {
    entries = trust.enumerated().map { index, entry in
      switch entry {
      case .certificate(let certificate):
        Entry(number: index + 1, isSigned: true, certificate: CertificateReport(certificate))
      case .toBeSigned:
        Entry(number: index + 1, isSigned: false, certificate: entry.unsigned.map { CertificateReport($0) })
      }
    }
  }

  var text: String {
    let unsigned = entries.count { !$0.isSigned }
    let note = unsigned == 0 ? "" : ", \(unsigned) of them without signature"
    return (["trust list: \(Output.count(entries.count, "certificate"))\(note)"] + entries.map(\.text))
      .joined(separator: "\n")
  }
}

extension String {
  fileprivate func padding(to length: Int) -> String {
    self + String(repeating: " ", count: max(1, length - count))
  }
}
