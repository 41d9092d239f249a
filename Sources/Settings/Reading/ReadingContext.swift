// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// What the readers of one file share: which file it is, the file system, and the mistakes so far.
final class ReadingContext {
  let file: FilePath
  let files: any ConfigurationFiles
  private(set) var mistakes: [ConfigurationMistake] = []

  init(file: FilePath, files: any ConfigurationFiles) {
    self.file = file
    self.files = files
  }

  func report(
    _ position: TextPosition, key: String? = nil, _ message: String, hint: String? = nil,
    severity: ConfigurationMistake.Severity = .error, isOfMissingFile: Bool = false
  ) {
    mistakes.append(
      ConfigurationMistake(
        file: file, line: position.line, column: position.column, key: key.map(Secrets.redacted(sentence:)),
        message: Secrets.redacted(sentence: message), hint: hint.map(Secrets.redacted(sentence:)), severity: severity,
        isOfMissingFile: isOfMissingFile))
  }
}

/// A value with the keys that lead to it: what every reader takes.
struct Field {
  var node: YAMLNode
  /// Such as `endpoints.s4hana.timeout`; empty at the top.
  var path: String
  var context: ReadingContext

  /// Reports a mistake at this value.
  func report(_ message: String, hint: String? = nil) {
    context.report(node.position, key: path.isEmpty ? nil : path, redacted(message), hint: hint.map(redacted))
  }

  /// Reports that what this value names is missing or cannot be used, which need not be a mistake in these words.
  func report(_ problem: FileProblem, _ message: String, hint: String? = nil) {
    context.report(
      node.position, key: path.isEmpty ? nil : path, redacted(message), hint: hint.map(redacted),
      isOfMissingFile: problem.mayPass)
  }

  /// Reports what is likely to be meant otherwise; the configuration is used all the same.
  func warn(_ message: String, hint: String? = nil) {
    context.report(
      node.position, key: path.isEmpty ? nil : path, redacted(message), hint: hint.map(redacted), severity: .warning)
  }

  /// A sentence that may quote this value, which may hold a secret by mistake.
  private func redacted(_ sentence: String) -> String {
    guard let scalar, !scalar.isEmpty, sentence.contains(scalar) else { return sentence }
    return sentence.replacing(scalar, with: Secrets.redacted(scalar))
  }

  /// Reports what is wrong with what this value names, if anything.
  ///
  /// - Returns: whether nothing is.
  @discardableResult
  func examine(_ thing: NamedThing) -> Bool {
    guard let flaw = context.files.flaw(of: thing) else { return true }
    context.report(node.position, key: path.isEmpty ? nil : path, flaw, severity: .warning)
    return false
  }

  /// Where this value stands.
  var declaration: Declaration {
    Declaration(file: context.file, line: node.position.line, column: node.position.column)
  }

  func child(_ node: YAMLNode, _ key: String) -> Field {
    let key = Secrets.redacted(key)
    return Field(node: node, path: path.isEmpty ? key : "\(path).\(key)", context: context)
  }

  /// The elements of a list; nil, and a mistake, when this is none.
  func elements() -> [Field]? {
    guard case .sequence(let nodes) = node.content else {
      report("must be a list, not \(node.kind)", hint: "write [a, b], or one '- a' in each line")
      return nil
    }
    return nodes.enumerated().map { Field(node: $1, path: "\(path)[\($0)]", context: context) }
  }

  /// A single value that is not empty; nil, and a mistake, for anything else.
  func text() -> String? {
    guard case .scalar(let text) = node.content else {
      report("must be a single value, not \(node.kind)")
      return nil
    }
    guard !text.isEmpty, text.contains(where: { !$0.isWhitespace }) else {
      report("must not be empty")
      return nil
    }
    return text
  }

  /// `text()` without control characters, which have no place in a name, an address or a path.
  func line() -> String? {
    guard let text = text() else { return nil }
    guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      report("must not contain control characters")
      return nil
    }
    return text
  }

  /// The text when this is a single value, without judging it.
  var scalar: String? {
    guard case .scalar(let text) = node.content else { return nil }
    return text
  }
}
