// SPDX-License-Identifier: Apache-2.0

import Certificates
import TestSupport
import Testing

@testable import ChainFetch

@Suite struct CertificateMemoryTests {
  @Test func givesBackWhatWasReadHoweverManyCameBetween() throws {
    let memory = CertificateMemory(capacity: 4)
    let root = try TestCA.root()
    let certificates = try (0..<12).map { try root.leaf(dns: "host\($0).example").certificate }
    for _ in 0..<2 {
      for certificate in certificates {
        #expect(try memory.certificate(certificate.derBytes) == certificate)
        #expect(try memory.certificate(root.certificate.derBytes).subject == root.certificate.subject)
      }
    }
  }

  @Test func whatDoesNotReadIsRefusedEachTime() throws {
    let memory = CertificateMemory()
    let bytes = Array(try TestCA.root().certificate.derBytes.dropLast())
    for _ in 0..<2 {
      #expect(throws: CertificateError.self) { try memory.certificate(bytes) }
    }
  }
}
