// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import SystemPackage
import TestSupport
import Testing

/// Every test ends by changing a path of its own, `sentinel`: what is told before it is all there was to tell.
@Suite struct FileWatcherTests {
  private let folder: TemporaryFolder
  private let files = HostFiles()
  private let watcher: FileWatcher

  init() throws {
    folder = try TemporaryFolder()
    watcher = try FileWatcher()
    try folder.write("sentinel", "")
  }

  private func watch(_ names: String...) {
    #expect(watcher.watch(names.map(folder.file) + [folder.file("sentinel")]).isEmpty)
  }

  /// What is told until the sentinel's own change.
  private func told() async throws -> [String] {
    try chmodSentinel()
    var names: [String] = []
    var changes = watcher.makeAsyncIterator()
    while let path = try await changes.next() {
      if path == folder.file("sentinel") { return names }
      names.append(path.string.replacing(folder.path.string + "/", with: ""))
    }
    return names
  }

  private func chmodSentinel() throws {
    let result = unsafe chmod(folder.file("sentinel").string, 0o600)
    try #require(result == 0)
  }

  @Test func noticesAFileThatIsWrittenOnceThoughItTookManyEvents() async throws {
    try folder.write("a", "1")
    try folder.write("other", "1")
    watch("a")
    try folder.write("a", "2")
    try folder.write("other", "2")
    try folder.write("a", "3")
    #expect(try await told() == ["a"])
    #expect(try await told() == [])
  }

  @Test func noticesAReplacementByRename() async throws {
    try folder.write("a", "1")
    watch("a")
    for text in ["2", "3"] {
      try files.replaceFile(at: folder.file("a"), mode: .ownerRead, contents: SecretBytes(copying: text.utf8))
      #expect(try await told() == ["a"])
    }
  }

  @Test func noticesCreationRemovalAndMode() async throws {
    watch("a")
    try folder.write("a", "1")
    #expect(try await told() == ["a"])
    #expect(unsafe chmod(folder.file("a").string, 0o600) == 0)
    #expect(try await told() == ["a"])
    try files.removeTree(at: folder.file("a"))
    #expect(try await told() == ["a"])
  }

  @Test func waitsWithANewFileUntilItsWriterCloses() async throws {
    watch("a")
    let writer = try FileDescriptor.open(
      folder.file("a"), .writeOnly, options: .create, permissions: .ownerReadWrite)
    try writer.writeAll([1])
    #expect(try await told() == [])
    try writer.close()
    #expect(try await told() == ["a"])
  }

  @Test func noticesAFileWhoseFoldersDoNotExistYet() async throws {
    watch("x/y/a")
    try files.makeDirectories(at: folder.file("x/y"), mode: .ownerReadWriteExecute)
    #expect(try await told() == ["x/y/a"])
    try folder.write("x/y/a", "1")
    #expect(try await told() == ["x/y/a"])
    try files.rename(from: folder.file("x"), to: folder.file("z"))
    #expect(try await told() == ["x/y/a"])
    try folder.write("z/y/a", "2")
    #expect(try await told() == [], "that is not the path any more")
  }

  /// As Kubernetes lays out a mounted secret: the file is a link through `..data`, which is switched by rename.
  @Test func noticesThatAFolderLinkIsSwitched() async throws {
    for (name, text) in [("..1", "one"), ("..2", "two")] {
      try files.makeDirectory(at: folder.file(name), mode: .ownerReadWriteExecute)
      try folder.write("\(name)/key.json", text)
    }
    try files.symbolicLink(at: folder.file("..data"), target: "..1")
    try files.symbolicLink(at: folder.file("key.json"), target: "..data/key.json")
    watch("key.json")
    try files.symbolicLink(at: folder.file("..tmp"), target: "..2")
    try files.rename(from: folder.file("..tmp"), to: folder.file("..data"))
    #expect(try await told() == ["key.json"])
    try folder.write("..2/key.json", "three")
    #expect(try await told() == ["key.json"])
    try folder.write("..1/key.json", "four")
    #expect(try await told() == [], "the link does not lead there any more")
  }

  @Test func noticesWhatHappensInAFolder() async throws {
    try files.makeDirectory(at: folder.file("conf.d"), mode: .ownerReadWriteExecute)
    watch("conf.d")
    try folder.write("conf.d/10.yaml", "")
    #expect(try await told() == ["conf.d"])
    try files.removeTree(at: folder.file("conf.d/10.yaml"))
    #expect(try await told() == ["conf.d"])
    try files.removeTree(at: folder.file("conf.d"))
    #expect(try await told() == ["conf.d"])
  }

  @Test func theSetOfPathsMayChange() async throws {
    try folder.write("a", "1")
    try folder.write("b", "1")
    watch("a")
    watch("b")
    try folder.write("a", "2")
    try folder.write("b", "2")
    #expect(try await told() == ["b"])
    watch("a", "b")
    try folder.write("a", "3")
    watch("b")
    #expect(try await told() == [], "what nobody watches any longer is not told")
    #expect(watcher.watch([folder.file("sentinel")]).isEmpty)
    try folder.write("b", "3")
    #expect(try await told() == [])
  }

  @Test func aCancelledTaskGetsTheEndOfTheSequence() async throws {
    watch("a")
    let task = Task {
      for try await path in watcher { return Optional(path) }
      return nil
    }
    await Task.yield()
    task.cancel()
    #expect(try await task.value == nil)
  }
}
