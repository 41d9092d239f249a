// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Collects what the keystores write, to find outputs that would destroy each other or something that is read.
final class OutputRegistry {
  private struct Output {
    var keystore: String
    var path: OutputPath
    /// Whether the whole folder is written.
    var isFolder: Bool
    var isPSE: Bool
    var field: Field

    /// Folder and path in one, so that paths of different keystores never meet unless they are absolute.
    var place: FilePath {
      switch path {
      case .absolute(let path): path
      case .inKeystore(let relative): FilePath("keystore").appending(keystore).pushing(FilePath(relative))
      }
    }
  }

  /// Something that no output may overwrite.
  private struct Input {
    var path: FilePath
    /// Completes a sentence that says what is overwritten.
    var use = "which is read"
    /// The keystore that takes the file over, and may write a PSE in its place.
    var adopter: String?

    /// Whether a PSE at the very path is what takes its place.
    func yields(to output: Output) -> Bool { output.isPSE && output.keystore == adopter }
  }

  private var outputs: [Output] = []
  private var others: [Input] = []

  func add(_ path: OutputPath, isFolder: Bool, isPSE: Bool, keystore: String, field: Field) {
    outputs.append(Output(keystore: keystore, path: path, isFolder: isFolder, isPSE: isPSE, field: field))
  }

  /// A PSE that a keystore starts from: only that keystore's own PSE may take its place.
  func addAdopted(_ path: FilePath, keystore: String) {
    others.append(Input(path: path, use: "which keystore \(keystore) adopts", adopter: keystore))
  }

  /// A file that SAP's own tool writes credentials into.
  func addCredentials(_ path: FilePath) {
    others.append(Input(path: path, use: "where seclogin writes credentials"))
  }

  /// Reports conflicts at the later of two outputs.
  ///
  /// - Parameters:
  ///   - inputs: files and folders that are read.
  ///   - stateDirectory: certrotd's own folder.
  ///   - files: tells which names lead to one folder.
  func check(inputs: [FilePath], stateDirectory: FilePath, files: some ConfigurationFiles) {
    let inputs = inputs.map { Input(path: $0) } + others
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
      let hit = inputs.first { input in
        guard path != input.path else { return !input.yields(to: output) }
        return path.starts(with: input.path) || (output.isFolder && input.path.starts(with: path))
      }
      if let hit { output.field.report("\(path) would overwrite \(hit.path), \(hit.use)") }
    }
    checkLinks(inputs: inputs, stateDirectory: stateDirectory, files: files)
  }

  /// The same for paths that only links to folders, or mounts, make the same.
  private func checkLinks(inputs: [Input], stateDirectory: FilePath, files: some ConfigurationFiles) {
    var finder = SpotFinder(files: files)
    let absolute = outputs.compactMap { output -> (Output, FilePath)? in
      if case .absolute(let path) = output.path { (output, path) } else { nil }
    }
    guard !absolute.isEmpty else { return }
    var spots: [Spot: (Output, FilePath)] = [:]
    var folders: [FolderPlace.Identity: (Output, FilePath)] = [:]
    for (output, path) in absolute {
      guard let spot = finder.spot(of: path) else { continue }
      if let (first, other) = spots[spot] {
        guard other != path else { continue }
        output.field.report(
          "\(path) is written twice, since it is \(other) under another name",
          hint: "the first one is at \(first.field.declaration); a link or a mount makes the two folders one")
      } else {
        spots[spot] = (output, path)
        if let folder = finder.folder(at: path) { folders[folder] = (output, path) }
      }
    }
    let readSpots = Dictionary(grouping: inputs.compactMap { input in finder.spot(of: input.path).map { ($0, input) } })
    {
      $0.0
    }
    let readFolders = Dictionary(inputs.compactMap { input in finder.folder(at: input.path).map { ($0, input) } }) {
      first, _ in first
    }
    let state = finder.folder(at: stateDirectory)
    for (output, path) in absolute {
      let (above, existing) = (finder.spotsAbove(path), finder.foldersAbove(path))
      if let (outer, other) = above.lazy.compactMap({ spots[$0] }).first
        ?? existing.lazy.compactMap({ folders[$0] }).first,
        !path.starts(with: other)
      {
        let what = outer.isFolder ? "the folder" : "the file"
        output.field.report("\(path) lies in \(what) \(other) that is written at \(outer.field.declaration)")
      }
      if let state, existing.contains(state), !path.starts(with: stateDirectory) {
        output.field.report(
          "\(path) lies in certrotd's own folder \(stateDirectory), by a link or a mount",
          hint: "write a relative path to use the keystore's own folder")
      }
      let hit =
        finder.spot(of: path).flatMap { readSpots[$0] }?.lazy.map(\.1).first { !$0.yields(to: output) } ?? existing.lazy
        .compactMap { readFolders[$0] }.first
        ?? (output.isFolder ? readInside(path, inputs, &finder) : nil)
      if let hit, !path.starts(with: hit.path), !(output.isFolder && hit.path.starts(with: path)) {
        output.field.report(
          "\(path) would overwrite \(hit.path), \(hit.use)", hint: "a link or a mount makes them the same")
      }
    }
  }

  /// A file that is read and lies in a folder that is written.
  private func readInside<Files>(
    _ folder: FilePath, _ inputs: [Input], _ finder: inout SpotFinder<Files>
  ) -> Input? {
    guard let written = finder.folder(at: folder) else { return nil }
    return inputs.first { finder.foldersAbove($0.path).contains(written) }
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
