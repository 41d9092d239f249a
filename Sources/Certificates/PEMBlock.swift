// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One block of PEM text (RFC 7468): a label and the bytes that its Base64 stands for.
package struct PEMBlock: Hashable, Sendable {
  /// What stands after `BEGIN`, such as `CERTIFICATE`.
  package let label: String
  package let bytes: [UInt8]

  package init(label: String, bytes: [UInt8]) {
    self.label = label
    self.bytes = bytes
  }

  /// The block as text with lines of 64 characters and a final newline (RFC 7468, section 2).
  package var text: String {
    let base64 = Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
    return "-----BEGIN \(label)-----\n\(base64)\n-----END \(label)-----\n"
  }

  package static let certificateLabel = "CERTIFICATE"
}

extension PEMBlock {
  /// The certificate as a PEM block.
  package init(_ certificate: Certificate) {
    self.init(label: Self.certificateLabel, bytes: certificate.derBytes)
  }
}
