// SPDX-License-Identifier: Apache-2.0

package import Delivery
package import Host
package import Keystores
import OpenSSLBridge
package import Settings
import SystemPackage

/// The generations of all keystores on disk: makes, reads back, activates.
package struct GenerationShelf: Sendable {
  private let layout: StateLayout
  private let files: HostFiles

  package init(layout: StateLayout, files: HostFiles) {
    self.layout = layout
    self.files = files
  }

  /// The generations of one keystore.
  package func store(of keystore: String) -> GenerationStore {
    GenerationStore(root: layout.keystore(keystore), files: files) { contents in
      Digest.sha256(contents)
    }
  }

  /// What is wrong with the files of a generation as they lie on disk, as a sentence; nil if nothing is.
  ///
  /// What comes of putting `next` in its place is nothing that is wrong with it.
  package func damage(of generation: Int, keystore: String, amid next: Int? = nil) -> String? {
    let damages: [Damage]
    do throws(DeliveryError) {
      let store = store(of: keystore)
      if let next {
        damages = try store.damage(of: generation, amid: next).unexplained
      } else {
        damages = try store.damage(of: generation)
      }
    } catch {
      return error.description
    }
    return damages.isEmpty ? nil : damages.map(\.description).joined(separator: "; ")
  }

  /// The generation that is in force on disk, and not among the `recorded` ones; nil where there is none.
  ///
  /// - Throws: why the link cannot be read, or that it leads to no generation.
  func unrecorded(of keystore: String, among recorded: [Int]) throws(DeliveryError) -> Int? {
    guard let number = try store(of: keystore).current(), !recorded.contains(number) else { return nil }
    return number
  }

  /// Makes sure that nothing of a generation goes where another keystore of the configuration writes now.
  ///
  /// - Throws: `OutputCollision`; `DeliveryError` when the list of what belongs to it cannot be read.
  package func refuseCollisions(of generation: Int, keystore: String, in configuration: Configuration) throws {
    let paths = try store(of: keystore).destinations(of: generation).compactMap { destination in
      if case .outside(let path) = destination { path } else { nil }
    }
    let found = OutputCollision.find(
      among: Set(paths), of: keystore, in: configuration, files: HostConfigurationFiles(files: files))
    if let found { throw found }
  }

  /// What the files of a generation hold, read from the bytes on disk.
  ///
  /// - Throws: `DeliveryError` when files cannot be read, `KeystoreError` when they are not what they should be.
  package func content(of generation: Int, keystore: String, _ outputs: [KeystoreOutput]) throws -> [ReadKeystore] {
    let store = store(of: keystore)
    return try outputs.map { output in
      let found = try store.readBack(generation, only: DeliveryDestination(output.path))
      return try KeystoreReader.read(output.format, Self.files(of: output, among: found))
    }
  }

  /// Whether all files of a generation open with the passwords of `outputs`.
  ///
  /// - Throws: `DeliveryError` when files cannot be read, `KeystoreError` when they are not what they should be.
  package func opens(_ generation: Int, keystore: String, _ outputs: [KeystoreOutput]) throws -> Bool {
    let found = try store(of: keystore).readBack(generation)
    return try outputs.allSatisfy { try KeystoreReader.opens($0.format, Self.files(of: $0, among: found)) }
  }

  /// The absolute paths of `outputs` that are the PSE `adopted` under another name, as the disk is now.
  func otherNames(of adopted: FilePath, among outputs: [FileSettings]) -> Set<FilePath> {
    AdoptedFileFinder(files: files).otherNames(of: adopted, among: outputs)
  }

  private static func files(of output: KeystoreOutput, among found: [DeliveredFile]) -> [RenderedFile] {
    let destination = DeliveryDestination(output.path)
    return found.filter { $0.destination == destination }.map { file in
      RenderedFile(name: file.member, bytes: file.contents, holdsSecret: output.format.parts.contains(.key))
    }
  }

  /// The items to deliver, of the files of each output.
  package static func items(_ outputs: [KeystoreOutput], _ files: [[RenderedFile]]) -> [DeliveryItem] {
    zip(outputs, files).map { output, rendered in
      let destination = DeliveryDestination(output.path)
      if let only = rendered.first, rendered.count == 1, only.name == nil {
        return .file(
          DeliveryFile(
            destination: destination, owner: output.owner, group: output.group, mode: output.mode,
            contents: only.bytes))
      }
      let members = rendered.map { file in
        DeliveryFolder.Member(name: file.name ?? "", mode: output.mode, contents: file.bytes)
      }
      return .folder(
        DeliveryFolder(
          destination: destination, owner: output.owner, group: output.group, mode: output.mode.allowingSearch,
          members: members))
    }
  }
}

extension FilePermissions {
  /// The mode of a folder whose files have this mode: whoever may read may also enter.
  var allowingSearch: FilePermissions {
    var mode = self
    if contains(.ownerRead) { mode.insert(.ownerExecute) }
    if contains(.groupRead) { mode.insert(.groupExecute) }
    if contains(.otherRead) { mode.insert(.otherExecute) }
    return mode
  }
}

extension DeliveryDestination {
  package init(_ path: OutputPath) {
    switch path {
    case .inKeystore(let relative): self = .inGeneration(relative)
    case .absolute(let path): self = .outside(path)
    }
  }
}
