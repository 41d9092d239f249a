// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Rotation
import SystemPackage
import TestSupport
import Testing

struct BundleReaderTests {
  private let folder: TemporaryFolder
  private let one: [Certificate]
  private let two: [Certificate]

  init() throws {
    folder = try TemporaryFolder()
    one = try Authority.one.get().issuing.path
    two = try Authority.two.get().issuing.path
  }

  private func read(_ name: String) throws -> [Certificate] {
    try BundleReader().certificates(at: folder.file(name))
  }

  @Test func `PEM and DER files are read, each certificate once`() throws {
    try folder.write("bundle.pem", "A comment\n" + (one + two + one).pem)
    try folder.write("single.der", bytes: one[0].derBytes)
    #expect(try read("bundle.pem") == one + two)
    #expect(try read("single.der") == [one[0]])
  }

  @Test func `a folder is read in the order of its names`() throws {
    try HostFiles().makeDirectory(at: folder.file("d"), mode: .ownerReadWriteExecute)
    try HostFiles().makeDirectory(at: folder.file("d/nested"), mode: .ownerReadWriteExecute)
    try folder.write("d/b.pem", one.pem)
    try folder.write("d/a.crt", two.pem)
    try folder.write("d/.hidden", "not a certificate")
    try folder.write("d/README", "nothing in here")
    #expect(try read("d") == two + one)
  }

  @Test func `what cannot be used is named`() throws {
    try folder.write("empty.pem", "# nothing\n")
    try folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nMAAB\n-----END CERTIFICATE-----\n")
    try HostFiles().makeDirectory(at: folder.file("void"), mode: .ownerReadWriteExecute)
    for (name, words) in [
      ("empty.pem", "holds no certificate"), ("broken.pem", "that is no certificate"), ("void", "holds no certificate"),
      ("absent.pem", "cannot be read"),
    ] {
      let error = #expect(throws: BundleError.self) { try read(name) }
      #expect(error?.description.contains(words) == true && error?.description.contains(name) == true, "\(name)")
    }
  }

  @Test func `a broken member spoils a folder, and is named`() throws {
    try HostFiles().makeDirectory(at: folder.file("mixed"), mode: .ownerReadWriteExecute)
    try folder.write("mixed/a.pem", one.pem)
    try folder.write("mixed/b.der", bytes: [0x30, 0x03, 1, 2, 3])
    let error = #expect(throws: BundleError.self) { try read("mixed") }
    #expect(error?.description.contains("b.der") == true)
  }
}
