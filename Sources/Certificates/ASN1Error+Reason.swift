// SPDX-License-Identifier: Apache-2.0

package import SwiftASN1

extension ASN1Error {
  /// What is wrong with the bytes, for an operator: the library's own text names its source file and line.
  package var reason: String {
    switch code {
    case .truncatedASN1Field: "the data ends too early"
    case .unexpectedFieldType: "an element has another type than expected"
    case .invalidASN1IntegerEncoding: "an INTEGER is not encoded as DER demands"
    case .unsupportedFieldLength: "a length is not encoded as DER demands"
    case .invalidStringRepresentation: "a text holds characters that its type forbids"
    case .tooFewOIDComponents: "an OBJECT IDENTIFIER is too short"
    default: "the structure is not the expected one"
    }
  }
}
