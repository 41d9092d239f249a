// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import OpenSSLBridge
import TestSupport

/// An authority with an intermediate, valid long before and after ``aTime``.
struct Authority: Sendable {
  let root: TestIdentity
  let issuing: TestIdentity

  init(_ name: String) throws {
    root = try TestCA.root("CN=\(name) Root, O=TS, C=DE") { options in
      (options.notBefore, options.notAfter) = (aTime - 1000 * day, aTime + 3000 * day)
    }
    issuing = try root.intermediate("CN=\(name) Issuing, O=TS, C=DE") { options in
      (options.notBefore, options.notAfter) = (aTime - 500 * day, aTime + 2000 * day)
    }
  }

  /// A leaf that was valid a day before ``aTime`` and ends some days after it.
  func leaf(
    _ name: String = "localhost", days: Double = 90, _ configure: (inout TestCertificateOptions) -> Void = { _ in }
  ) throws -> TestIdentity {
    try issuing.leaf(dns: name) { options in
      (options.notBefore, options.notAfter) = (aTime - day, aTime + days * day)
      configure(&options)
    }
  }

  /// Made once in a process.
  static let one = Result { try Authority("One") }
  static let two = Result { try Authority("Two") }
}

extension TestIdentity {
  /// What a server sends that shows this identity.
  var served: TLSServerIdentity {
    get throws { try TLSServerIdentity(self) }
  }

  /// The certificate, its issuers and the root.
  var path: [Certificate] { [certificate] + issuers }

  /// As a service key has it: the members of a JSON object.
  func serviceKeyJSON(certificates: [Certificate]? = nil) throws -> String {
    let chain = (certificates ?? self.chain).map { PEMBlock($0).text }.joined()
    let key = String(decoding: try key.pem(.pkcs8).copyBytes(), as: UTF8.self)
    let members = [
      "certificate": chain, "key": key, "clientid": "sb-test!b1", "certurl": "https://localhost.invalid",
    ]
    return String(decoding: try JSONEncoder().encode(members), as: UTF8.self)
  }
}

extension Sequence<Certificate> {
  var pem: String { map { PEMBlock($0).text }.joined() }
}
