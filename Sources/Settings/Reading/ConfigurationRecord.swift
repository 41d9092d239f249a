// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import SystemPackage

/// What the file system answered while a configuration was read: enough to read the same configuration again, whatever
/// became of the files.
package struct ConfigurationRecord: Sendable, Equatable, Codable {
  /// An answer, or why there was none.
  enum Answer<Value: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
    case value(Value)
    case missing
    case notPermitted
    /// In words.
    case failed(String)
  }

  /// All by path.
  fileprivate(set) var contents: [String: Answer<String>] = [:]
  fileprivate(set) var folders: [String: Answer<[String]>] = [:]
  fileprivate(set) var facts: [String: Answer<FileFacts>] = [:]
  fileprivate(set) var readable: [String: Answer<Bool>] = [:]
  fileprivate(set) var places: [String: FolderPlace] = [:]

  init() {}
}

/// Passes the answers of other files on, and keeps them.
package final class RecordingFiles<Files: ConfigurationFiles>: ConfigurationFiles {
  private let files: Files
  private let kept = Mutex(ConfigurationRecord())

  package init(_ files: Files) { self.files = files }

  /// All answers so far.
  package var record: ConfigurationRecord { kept.withLock { $0 } }

  package var expectedFilesMustBeReadable: Bool { files.expectedFilesMustBeReadable }

  package func read(_ path: FilePath, limit: Int) throws(FileProblem) -> [UInt8] {
    // What is no UTF-8 is a mistake, and nobody reads its record.
    try keep(path, \.contents, { String(decoding: $0, as: UTF8.self) }) { () throws(FileProblem) in
      try files.read(path, limit: limit)
    }
  }

  package func list(_ directory: FilePath) throws(FileProblem) -> [String] {
    try keep(directory, \.folders, \.self) { () throws(FileProblem) in try files.list(directory) }
  }

  package func facts(of path: FilePath) throws(FileProblem) -> FileFacts {
    try keep(path, \.facts, \.self) { () throws(FileProblem) in try files.facts(of: path) }
  }

  package func checkReadable(_ path: FilePath) throws(FileProblem) {
    try keep(path, \.readable, { true }) { () throws(FileProblem) in try files.checkReadable(path) }
  }

  package func place(ofFolder path: FilePath) -> FolderPlace? {
    let place = files.place(ofFolder: path)
    kept.withLock { $0.places[path.string] = place }
    return place
  }

  /// Of secrets nothing is kept: a configuration that was accepted has no two that must differ.
  package func holdSameSecret(_ left: FilePath, _ right: FilePath) -> Bool { files.holdSameSecret(left, right) }

  private func keep<Value, Kept>(
    _ path: FilePath, _ answers: WritableKeyPath<ConfigurationRecord, [String: ConfigurationRecord.Answer<Kept>]>,
    _ convert: (Value) -> Kept, _ ask: () throws(FileProblem) -> Value
  ) throws(FileProblem) -> Value {
    let value: Value
    do throws(FileProblem) {
      value = try ask()
    } catch {
      let answer = ConfigurationRecord.Answer<Kept>(error)
      kept.withLock { $0[keyPath: answers][path.string] = answer }
      throw error
    }
    let converted = convert(value)
    kept.withLock { $0[keyPath: answers][path.string] = .value(converted) }
    return value
  }
}

/// Gives the answers of a record; what was not asked then, which only a later certrotd asks, others answer.
package struct RecordedFiles<Others: ConfigurationFiles>: ConfigurationFiles {
  private let record: ConfigurationRecord
  private let others: Others

  package init(_ record: ConfigurationRecord, others: Others) {
    self.record = record
    self.others = others
  }

  package func read(_ path: FilePath, limit: Int) throws(FileProblem) -> [UInt8] {
    // Nothing but what was recorded is the configuration, whatever lies there now.
    guard let answer = record.contents[path.string] else { throw .missing }
    return Array(try answer.get().utf8)
  }

  package func list(_ directory: FilePath) throws(FileProblem) -> [String] {
    guard let answer = record.folders[directory.string] else { return try others.list(directory) }
    return try answer.get()
  }

  package func facts(of path: FilePath) throws(FileProblem) -> FileFacts {
    guard let answer = record.facts[path.string] else { return try others.facts(of: path) }
    return try answer.get()
  }

  package func checkReadable(_ path: FilePath) throws(FileProblem) {
    guard let answer = record.readable[path.string] else { return try others.checkReadable(path) }
    _ = try answer.get()
  }

  package func place(ofFolder path: FilePath) -> FolderPlace? { record.places[path.string] }
}

extension ConfigurationRecord.Answer {
  fileprivate init(_ problem: FileProblem) {
    self =
      switch problem {
      case .missing: .missing
      case .notPermitted, .refused: .notPermitted
      case .wrongKind, .tooLarge, .failed: .failed("\(problem)")
      }
  }

  fileprivate func get() throws(FileProblem) -> Value {
    switch self {
    case .value(let value): return value
    case .missing: throw .missing
    case .notPermitted: throw .notPermitted
    case .failed(let words): throw .failed(words)
    }
  }
}
