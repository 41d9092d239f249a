// SPDX-License-Identifier: Apache-2.0

import Delivery
import Host
import Keystores
import Settings
import SystemPackage

/// Reads files of a generation from where consumers open them, and says what keeps a file from being read.
struct FileExaminer: Sendable {
  let context: RotationContext
  let store: GenerationStore
  let generation: Int
  /// What the generation was made of; nil where its list cannot be read.
  let delivered: [DeliveryDestination]?
  /// Where files of the generation lie that takes its place, and is not in force yet.
  var replaced: (by: Int, paths: [FilePath])?

  /// What one entry of `files` comes to: one file, or the two of a PEM pair.
  ///
  /// - Parameters:
  ///   - file: the entry.
  ///   - settings: of the keystore.
  ///   - damages: how the generation differs from what was delivered.
  /// - Returns: each with its faults.
  func examine(_ file: FileSettings, of settings: KeystoreSettings, _ damages: [Damage]) -> [ExaminedFile] {
    var alone = settings
    alone.files = [file]
    do {
      return try KeystoreOutput.resolve(alone, credentials: context.credentials).map { examine($0, of: file, damages) }
    } catch {
      return file.format.paths.map { path in
        var found = place(path)
        note(damages, in: &found)
        found.faults.append("cannot be opened: \(error)")
        return found
      }
    }
  }

  private func examine(
    _ output: KeystoreOutput, of file: FileSettings, _ damages: [Damage]
  ) -> ExaminedFile {
    var found = place(output.path)
    note(damages, in: &found)
    let files: [RenderedFile]
    do {
      files = try read(output, at: found.stored)
    } catch let error as SystemError where error.errno == .noSuchFileOrDirectory {
      guard found.cause == nil else { return found }
      switch delivered?.contains(DeliveryDestination(output.path)) {
      case false?:
        found.faults.append(
          "is not there, since generation \(generation) was written before the configuration named it")
        found.cause = .notYetWritten
      case true?:
        found.faults.append("was removed")
        found.cause = .changed
      case nil:
        found.faults.append("is not there, and neither is the list of what belongs to generation \(generation)")
        found.cause = .lost
      }
      return found
    } catch {
      // That it cannot be read for another reason is told with the damage, if it is any.
      if found.cause == nil { found.faults.append("cannot be read: \(error)") }
      return found
    }
    do {
      if try !KeystoreReader.opens(output.format, files), found.cause == nil {
        if case .pse(let pse) = file.format, pse.pin == nil, !pse.isWithoutPIN {
          found.faults.append("has a PIN, and the configuration names no credential for it")
          found.cause = .unnamedPIN
          return found
        }
        found.faults.append("has another password or PIN than its credential holds now, and is whole otherwise")
        found.cause = .otherPassword
        return found
      }
      found.content = try KeystoreReader.read(output.format, files)
    } catch {
      found.faults.append("holds no \(output.format) that can be read: \(error)")
    }
    return found
  }

  private func place(_ path: OutputPath) -> ExaminedFile {
    switch path {
    case .inKeystore(let relative):
      ExaminedFile(
        path: store.currentLink.pushing(FilePath(relative)),
        stored: store.directory(of: generation).pushing(FilePath(relative)))
    case .absolute(let path): ExaminedFile(path: path, stored: path)
    }
  }

  private func note(_ damages: [Damage], in found: inout ExaminedFile) {
    if let replaced, replaced.paths.contains(found.stored) {
      found.faults.append("is that of generation \(replaced.by) already")
      found.cause = .halfway(replaced.by)
    }
    for damage in damages where found.holds(damage.path) {
      let member = damage.path == found.stored ? "" : "\(damage.path.lastComponent?.string ?? ""): "
      found.faults.append("\(member)\(damage.fault)")
      found.cause = .changed
    }
  }

  private func read(_ output: KeystoreOutput, at path: FilePath) throws -> [RenderedFile] {
    let holdsSecret = output.format.parts.contains(.key)
    do {
      guard case .caDirectory = output.format else {
        let bytes = try context.files.readSecretFile(path, limit: Self.sizeLimit)
        return [RenderedFile(bytes: bytes, holdsSecret: holdsSecret)]
      }
      return try context.files.list(path).map { name in
        RenderedFile(
          name: name, bytes: try context.files.readSecretFile(path.appending(name), limit: Self.sizeLimit),
          holdsSecret: holdsSecret)
      }
    } catch let error as SystemError where error.errno == .permissionDenied {
      // It was given to another account; the generation has a copy, and sizes, owner and mode were compared.
      let destination = DeliveryDestination(output.path)
      let copies = try store.readBack(generation).filter { $0.destination == destination }
      guard !copies.isEmpty else { throw error }
      return copies.map { RenderedFile(name: $0.member, bytes: $0.contents, holdsSecret: holdsSecret) }
    }
  }

  /// In bytes; a keystore has some kilobytes.
  private static let sizeLimit = 64 << 20
}
