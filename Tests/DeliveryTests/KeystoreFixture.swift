// SPDX-License-Identifier: Apache-2.0

import Delivery
import Host
import SystemPackage
import TestSupport

/// A keystore with items of every kind, whose every file says which generation it belongs to.
struct KeystoreFixture {
  let folder: TemporaryFolder
  let root: FilePath

  /// In memory, since the tests make tens of thousands of calls of fsync(2).
  init() throws {
    folder = try TemporaryFolder(in: "/dev/shm")
    root = folder.file("keystores/x")
    try HostFiles().makeDirectories(at: folder.file("out/sec"), mode: .ownerReadWriteExecute)
  }

  var pse: FilePath { folder.file("out/sec/client.pse") }
  var list: FilePath { folder.file("out/strust") }

  /// A store over the given calls; its digest is the bytes themselves, which no two contents share.
  func store(_ calls: any FileCalls = LinuxFileCalls()) -> GenerationStore {
    GenerationStore(root: root, files: HostFiles(calls: calls)) { $0.copyBytes() }
  }

  /// A generation with items of every kind, or, for those who try every call of it, with one file of each kind.
  func set(_ number: Int, isSmall: Bool = false) throws -> DeliverySet {
    func bytes(_ text: String) -> SecretBytes { SecretBytes(copying: "\(text) \(number)".utf8) }
    func member(_ name: String) -> DeliveryFolder.Member {
      DeliveryFolder.Member(name: name, mode: FilePermissions(rawValue: 0o644), contents: bytes(name))
    }
    let items: [DeliveryItem] = [
      .file(
        DeliveryFile(
          destination: .inGeneration("cert.pem"), mode: FilePermissions(rawValue: 0o644), contents: bytes("cert"))),
      .file(
        DeliveryFile(destination: .inGeneration("sub/key.key"), mode: .ownerReadWrite, contents: bytes("key"))),
      .folder(
        DeliveryFolder(
          destination: .inGeneration("list"), mode: FilePermissions(rawValue: 0o755),
          members: [member("a"), member("b")])),
      .file(
        DeliveryFile(destination: .outside(pse), mode: FilePermissions(rawValue: 0o640), contents: bytes("pse"))),
      .folder(
        DeliveryFolder(
          destination: .outside(list), mode: FilePermissions(rawValue: 0o750),
          members: [member("root-\(number).crt")])),
    ]
    return try DeliverySet(isSmall ? [items[1], items[3], items[4]] : items)
  }

  /// Stages and activates the generations 1 to `number`.
  func deliver(upTo number: Int, areSmall: Bool = false) throws {
    for each in 1...number {
      try store().stage(each, set(each, isSmall: areSmall))
      try store().activate(each)
    }
  }

  /// The generation that the consumers' files belong to, one entry per file; nil for a file that is not there.
  func inForce() throws -> [Int?] {
    func number(_ path: FilePath) throws -> Int? {
      guard let status = try? HostFiles().status(of: path), status.kind == .regular else { return nil }
      let text = String(decoding: try HostFiles().readFile(path, limit: 100), as: UTF8.self)
      return text.split(separator: " ").last.flatMap { Int($0) }
    }
    let current = root.appending("current")
    var numbers = [try number(current.pushing("sub/key.key")), try number(pse)]
    if try HostFiles().linkStatusIfPresent(of: current.appending("cert.pem")) != nil {
      numbers += try ["cert.pem", "list/a", "list/b"].map { try number(current.pushing(FilePath($0))) }
    }
    let names = (try? HostFiles().list(list)) ?? []
    numbers += names.isEmpty ? [nil] : try names.map { try number(list.appending($0)) }
    return numbers
  }

  /// What lies about that belongs to no generation and no consumer.
  func debris() throws -> [String] {
    var names: [String] = []
    for place in [root, root.appending("generations"), folder.file("out"), folder.file("out/sec")] {
      guard try HostFiles().linkStatusIfPresent(of: place) != nil else { continue }
      names += try HostFiles().list(place).filter { $0.hasPrefix(".") && $0 != ".lock" }
    }
    return names
  }
}
