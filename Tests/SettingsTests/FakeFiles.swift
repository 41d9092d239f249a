// SPDX-License-Identifier: Apache-2.0

import SystemPackage

@testable import Settings

/// A file system in memory; the folders of its files exist by themselves.
struct FakeFiles: ConfigurationFiles {
  struct Entry {
    var bytes: [UInt8] = []
    var facts = FileFacts(kind: .file, mode: 0o644)
    var problem: FileProblem?
  }

  /// What is wrong with what keys name.
  var flaws: [NamedThing: String] = [:]
  private(set) var entries: [FilePath: Entry] = [:]
  var expectedFilesMustBeReadable = false

  mutating func add(_ path: FilePath, _ text: String = "", mode: UInt16 = 0o644) {
    add(path, bytes: Array(text.utf8), mode: mode)
  }

  mutating func add(_ path: FilePath, bytes: [UInt8], mode: UInt16 = 0o644) {
    entries[path] = Entry(bytes: bytes, facts: FileFacts(kind: .file, mode: mode))
    var folder = path.removingLastComponent()
    while entries[folder] == nil {
      addFolder(folder)
      folder = folder.removingLastComponent()
    }
  }

  mutating func remove(_ path: FilePath) { entries[path] = nil }

  mutating func addFolder(_ path: FilePath) {
    entries[path] = Entry(facts: FileFacts(kind: .directory, mode: 0o755))
  }

  /// Makes every use of a path fail, its facts excepted.
  mutating func damage(_ path: FilePath, _ problem: FileProblem) {
    entries[path, default: Entry()].problem = problem
  }

  func read(_ path: FilePath, limit: Int) throws(FileProblem) -> [UInt8] {
    let entry = try entry(path)
    try checkReadable(path)
    guard entry.facts.kind == .file else { throw .wrongKind }
    guard entry.bytes.count <= limit else { throw .tooLarge(limit: limit) }
    return entry.bytes
  }

  func list(_ directory: FilePath) throws(FileProblem) -> [String] {
    try checkReadable(directory)
    return entries.keys.filter { $0.removingLastComponent() == directory && $0 != directory }
      .compactMap { $0.lastComponent?.string }
  }

  func facts(of path: FilePath) throws(FileProblem) -> FileFacts {
    try entry(path).facts
  }

  func checkReadable(_ path: FilePath) throws(FileProblem) {
    if let problem = try entry(path).problem { throw problem }
  }

  func holdSameSecret(_ left: FilePath, _ right: FilePath) -> Bool { entries[left]?.bytes == entries[right]?.bytes }

  func flaw(of thing: NamedThing) -> String? { flaws[thing] }

  private func entry(_ path: FilePath) throws(FileProblem) -> Entry {
    guard let entry = entries[path] else { throw .missing }
    return entry
  }
}

/// The path of the main file in tests.
let mainFile: FilePath = "/etc/certrotd/certrotd.yaml"

extension FakeFiles {
  /// What the example configuration and the key table name.
  static var host: FakeFiles {
    var files = FakeFiles()
    files.addFolder("/etc/certrotd/keys")
    files.add("/etc/certrotd/roots.pem")
    files.addFolder("/usr/sap/ABC/D00/sec")
    files.add("/etc/ssl/client.pem")
    files.add("/etc/ssl/client.key", mode: 0o600)
    files.add("/usr/local/bin/restart-consumer", mode: 0o755)
    files.add("/usr/sap/hostctrl/exe/sapgenpse", mode: 0o755)
    files.add("/usr/local/bin/tell-strust", mode: 0o755)
    return files
  }
}

/// Reads one main file on the usual host.
func read(_ yaml: String, _ change: (inout FakeFiles) -> Void = { _ in }) -> ConfigurationReading {
  var files = FakeFiles.host
  files.add(mainFile, yaml)
  change(&files)
  return ConfigurationReader.read(main: mainFile, files: files)
}

/// The mistakes as an operator sees them, without the name of the main file.
func mistakes(_ yaml: String, _ change: (inout FakeFiles) -> Void = { _ in }) -> [String] {
  read(yaml, change).mistakes.map { "\($0)".replacing("\(mainFile):", with: "") }
}
