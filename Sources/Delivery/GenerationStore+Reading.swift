// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Host
import SystemPackage

/// The bytes of one delivered file, as they lie on the disk.
package struct DeliveredFile: Sendable {
  /// Where its item goes.
  package let destination: DeliveryDestination
  /// Its name in the folder, when the item is a folder.
  package let member: String?
  package let contents: SecretBytes
}

extension GenerationStore {
  /// Reads all files of a generation from its own folder, in the order in which they were staged: of what lies outside, the
  /// copy that is there before the generation is put in force.
  ///
  /// They are not compared with what was written; `damage(of:)` does that.
  ///
  /// - Parameters:
  ///   - number: The generation.
  ///   - only: Where the one item goes that is read; nil for all.
  /// - Returns: One entry for each file.
  /// - Throws: ``DeliveryError``, when one of them cannot be read.
  package func readBack(
    _ number: Int, only: DeliveryDestination? = nil
  ) throws(DeliveryError) -> [DeliveredFile] {
    let folder = directory(of: number)
    var read: [DeliveredFile] = []
    for item in try readManifest(of: number).items {
      let path = folder.pushing(FilePath(item.stored))
      let destination: DeliveryDestination =
        item.outside.map { .outside(FilePath($0)) } ?? .inGeneration(item.stored)
      guard only == nil || only == destination else { continue }
      for file in item.files {
        let filePath = item.isFolder ? path.appending(file.name) : path
        read.append(
          DeliveredFile(
            destination: destination, member: item.isFolder ? file.name : nil, contents: try readStored(filePath)))
      }
    }
    return read
  }

  /// Makes sure that the generation's own files hold the bytes that were staged, whatever became of those outside.
  ///
  /// - Throws: ``DeliveryError``.
  package func verify(_ number: Int) throws(DeliveryError) {
    for item in try readManifest(of: number).items { _ = try verifiedContents(of: item, in: number) }
  }

  /// Whether a generation was complete before the one in force was put there, as one that was withdrawn.
  ///
  /// The times that the file system gave tell; where they do not, as after a restore that made them anew, it is false.
  package func isOlderThanSwitch(_ number: Int) throws(DeliveryError) -> Bool {
    let manifest = directory(of: number).appending(GenerationManifest.name)
    return try reporting { () throws(SystemError) in
      guard let link = try files.linkStatusIfPresent(of: currentLink),
        let complete = try files.linkStatusIfPresent(of: manifest)
      else { return false }
      return complete.modified < link.modified
    }
  }

  /// Where the items of a generation go, as they were configured when it was written.
  package func destinations(of number: Int) throws(DeliveryError) -> [DeliveryDestination] {
    try readManifest(of: number).items.map { item in
      item.outside.map { .outside(FilePath($0)) } ?? .inGeneration(item.stored)
    }
  }

  /// What belongs to a generation.
  func readManifest(of number: Int) throws(DeliveryError) -> GenerationManifest {
    let path = directory(of: number).appending(GenerationManifest.name)
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try files.readFile(path, limit: GenerationManifest.sizeLimit)
    } catch {
      if error.errno == .noSuchFileOrDirectory { throw DeliveryError(.noSuchGeneration(number)) }
      throw DeliveryError(error)
    }
    let manifest: GenerationManifest
    do {
      manifest = try JSONDecoder().decode(GenerationManifest.self, from: Data(bytes))
    } catch {
      throw DeliveryError(.manifestUnreadable(path, why: "it is damaged (\(error))"))
    }
    guard manifest.version == 1 else {
      throw DeliveryError(.manifestUnreadable(path, why: "a newer certrotd wrote it (version \(manifest.version))"))
    }
    return manifest
  }

  /// The bytes of an item from the generation's own folder, proven to be those that were staged.
  func verifiedContents(
    of item: GenerationManifest.Item, in number: Int
  ) throws(DeliveryError) -> [SecretBytes] {
    let path = directory(of: number).pushing(FilePath(item.stored))
    var contents: [SecretBytes] = []
    for file in item.files {
      let filePath = item.isFolder ? path.appending(file.name) : path
      let bytes = try readStored(filePath)
      guard hexadecimalDigest(of: bytes) == file.digest else { throw DeliveryError(.damaged(filePath)) }
      contents.append(bytes)
    }
    return contents
  }

  /// Reads a file of a generation's own folder; one that has gone there is damage, and nothing that the configuration
  /// could mend.
  private func readStored(_ path: FilePath) throws(DeliveryError) -> SecretBytes {
    do throws(SystemError) {
      return try files.readSecretFile(path, limit: Self.sizeLimit)
    } catch {
      throw Self.isAbsence(error.errno) ? DeliveryError(.damaged(path)) : DeliveryError(error)
    }
  }

  /// Whether a path leads to no file.
  static func isAbsence(_ errno: Errno) -> Bool {
    [.noSuchFileOrDirectory, .notDirectory, .isDirectory].contains(errno)
  }

  func hexadecimalDigest(of bytes: SecretBytes) -> String {
    digest(bytes).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }

  // In bytes: a keystore has some kilobytes; this only keeps a wrong file from filling the memory.
  static var sizeLimit: Int { 64 << 20 }
}
