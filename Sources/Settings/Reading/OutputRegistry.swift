// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Collects what the keystores write, to find outputs that would destroy each other or something that is read.
final class OutputRegistry {
  private struct Output {
    var keystore: String
    var path: OutputPath
    /// Whether the whole folder is written.
    var isFolder: Bool
    var field: Field

    /// Folder and path in one, so that paths of different keystores never meet unless they are absolute.
    var place: FilePath {
      switch path {
      case .absolute(let path): path
      case .inKeystore(let relative): FilePath("keystore").appending(keystore).pushing(FilePath(relative))
      }
    }
  }

  private var outputs: [Output] = []

  func add(_ path: OutputPath, isFolder: Bool, keystore: String, field: Field) {
    outputs.append(Output(keystore: keystore, path: path, isFolder: isFolder, field: field))
  }

  /// Reports conflicts at the later of two outputs.
  ///
  /// - Parameters:
  ///   - inputs: files and folders that are read.
  ///   - stateDirectory: certrotd's own folder.
  func check(inputs: [FilePath], stateDirectory: FilePath) {
    var places: [FilePath: Output] = [:]
    for output in outputs {
      if let first = places[output.place] {
        output.field.report("\(output.path) is written twice", hint: "the first one is at \(first.field.declaration)")
      } else {
        places[output.place] = output
      }
    }
    for output in outputs {
      for folder in output.place.ancestors {
        if let outer = places[folder] {
          let what = outer.isFolder ? "the folder" : "the file"
          output.field.report("\(output.path) lies in \(what) that is written at \(outer.field.declaration)")
        }
      }
      guard case .absolute(let path) = output.path else { continue }
      if path.starts(with: stateDirectory) {
        output.field.report(
          "\(path) lies in certrotd's own folder", hint: "write a relative path to use the keystore's own folder")
      }
      if let input = inputs.first(where: { path.starts(with: $0) || (output.isFolder && $0.starts(with: path)) }) {
        output.field.report("\(path) would overwrite \(input), which is read")
      }
    }
  }
}

extension FilePath {
  /// The folders that this path lies in, the nearest first.
  fileprivate var ancestors: [FilePath] {
    var result: [FilePath] = []
    var folder = removingLastComponent()
    while folder.lastComponent != nil {
      result.append(folder)
      folder = folder.removingLastComponent()
    }
    return result
  }
}
