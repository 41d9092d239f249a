// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Paths, credentials and names.
extension Field {
  /// An absolute path without `.` and `..`; nothing is said of what it leads to.
  func absolutePath() -> FilePath? {
    guard let text = line() else { return nil }
    let path = FilePath(text).lexicallyNormalized()
    guard path.isAbsolute else {
      report("'\(text)' is a relative path", hint: "write the whole path, beginning with /")
      return nil
    }
    return path
  }

  /// An absolute file with a private key that may come later; its folder must be there.
  func expectedKeyFile() -> FilePath? {
    guard let path = absolutePath() else { return nil }
    checkFolder(of: path)
    do throws(FileProblem) {
      let facts = try context.files.facts(of: path)
      guard facts.kind != .directory else {
        report("\(path) is a folder, not a file")
        return nil
      }
      warn(ofOpen: path, facts)
      if context.files.expectedFilesMustBeReadable { try context.files.checkReadable(path) }
    } catch .missing {
      return path
    } catch {
      report(error, "\(path) \(error)")
    }
    return path
  }

  /// Warns of a private key that others than owner and group may use.
  ///
  /// It is no mistake, which would keep a key from being renewed that has worked so far.
  private func warn(ofOpen path: FilePath, _ facts: FileFacts) {
    guard facts.kind == .file, let exposure = facts.exposure else { return }
    warn("\(path) \(exposure)", hint: "chmod o= \(path)")
  }

  /// An absolute file that may be gone, as may its folder; what is there is only looked at for who checks, since it does not
  /// matter any more once it was taken over.
  func adoptedFile() -> FilePath? {
    guard let path = absolutePath() else { return nil }
    guard context.files.expectedFilesMustBeReadable else { return path }
    do throws(FileProblem) {
      guard try context.files.facts(of: path).kind == .file else {
        report("\(path) is no regular file")
        return nil
      }
      try context.files.checkReadable(path)
    } catch .missing {
      return path
    } catch {
      report(error, "\(path) \(error)")
    }
    return path
  }

  /// A file or a folder of trusted certificates that must be readable now.
  func bundle() -> FilePath? { readableFile(orFolder: true) { .bundle($0) } }

  /// An absolute file, or where `orFolder` says so a folder, that must be readable now, and fit to be what `thing` says.
  func readableFile(orFolder: Bool = false, _ thing: ((FilePath) -> NamedThing)? = nil) -> FilePath? {
    guard let (path, isReadable) = triedFile(orFolder: orFolder) else { return nil }
    if isReadable, let thing { examine(thing(path)) }
    return path
  }

  /// Like ``readableFile(orFolder:_:)``, and whether it can be read now; that it cannot was reported.
  func triedFile(orFolder: Bool = false, holdsKey: Bool = false) -> (path: FilePath, isReadable: Bool)? {
    guard let path = absolutePath() else { return nil }
    do throws(FileProblem) {
      let facts = try context.files.facts(of: path)
      guard facts.kind == .file || (orFolder && facts.kind == .directory) else {
        report("\(path) is no regular file\(orFolder ? " and no folder" : "")")
        return nil
      }
      if holdsKey { warn(ofOpen: path, facts) }
      try context.files.checkReadable(path)
      return (path, true)
    } catch {
      report(error, "\(path) \(error)")
      return (path, false)
    }
  }

  /// An absolute program that is there and executable; a path that is none has been reported.
  func program() -> FilePath? {
    guard let path = absolutePath() else { return nil }
    checkProgram(path)
    return path
  }

  /// Reports when `path` is no program.
  func checkProgram(_ path: FilePath, hint: String? = nil) {
    do throws(FileProblem) {
      let facts = try context.files.facts(of: path)
      guard facts.kind == .file else {
        report("\(path) is no program", hint: hint)
        return
      }
      guard facts.mode & 0o111 != 0 else {
        report("\(path) is not executable", hint: hint ?? "chmod +x \(path)")
        return
      }
    } catch {
      report(error, "\(path) \(error)", hint: hint)
    }
  }

  /// An absolute folder that exists.
  func folder() -> FilePath? {
    guard let path = absolutePath() else { return nil }
    checkFolder(of: path.appending("x"))
    return path
  }

  /// Reports when the folder that a file shall lie in does not exist.
  func checkFolder(of path: FilePath) {
    let folder = path.removingLastComponent()
    do throws(FileProblem) {
      guard try context.files.facts(of: folder).kind == .directory else {
        report("\(folder) is no folder")
        return
      }
    } catch .missing {
      report(.missing, "the folder \(folder) does not exist", hint: "make it first")
    } catch .notPermitted, .refused(_) {
      // The account that runs this check may see less than the daemon does.
      return
    } catch {
      report(error, "the folder \(folder) \(error)")
    }
  }

  /// Where an output goes: an absolute path, or one in the keystore's own folder.
  func outputPath() -> OutputPath? {
    guard let text = line() else { return nil }
    let path = FilePath(text).lexicallyNormalized()
    if path.isAbsolute {
      guard path.lastComponent != nil else {
        report("'\(text)' is no file")
        return nil
      }
      checkFolder(of: path)
      return .absolute(path)
    }
    guard path.components.first?.kind == .regular else {
      report("'\(text)' leads out of the keystore's folder", hint: "write a path below it, or an absolute path")
      return nil
    }
    guard !path.components.contains(where: { $0.string.hasPrefix(".") }) else {
      report("'\(text)' has a part that begins with a dot", hint: "such names are kept for certrotd's own files")
      return nil
    }
    return .inKeystore(path.string)
  }

  /// What a key that ends in `-credential` names.
  ///
  /// The value never occurs in a message: it may be the secret itself, by mistake.
  func credential() -> CredentialReference? {
    guard let text = line() else { return nil }
    guard text.hasPrefix("/") else {
      let allowed = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
      guard allowed, text.count <= 255, text != ".", text != ".." else {
        report("is no credential", hint: "write the name of a systemd credential, or the absolute path of a file")
        return nil
      }
      return .systemd(name: text)
    }
    let path = FilePath(text).lexicallyNormalized()
    do throws(FileProblem) {
      let facts = try context.files.facts(of: path)
      guard facts.kind == .file else {
        report("\(path) is no regular file")
        return nil
      }
      guard facts.mode & 0o077 == 0 else {
        let mode = String(facts.mode, radix: 8)
        report("\(path) has mode 0\(mode): others than its owner may use it", hint: "chmod 0600 \(path)")
        return nil
      }
      try context.files.checkReadable(path)
    } catch {
      var sentence = "\(error)"
      if case .refused(let refusal) = error { sentence = refusal.sentence(mustBeClosed: true) }
      report(error, "\(path) \(sentence)")
      return error.mayPass ? .file(path) : nil
    }
    examine(.secret(path))
    return .file(path)
  }

  /// The name of an endpoint, a service key or a keystore.
  func entryName() -> String? {
    guard let text = line() else { return nil }
    guard EntryName.isValid(text) else {
      report("'\(text)' is no name", hint: EntryName.advice)
      return nil
    }
    return text
  }
}

/// Names of entries: they become names of folders, of journal fields' values and of arguments.
package enum EntryName {
  static let advice = "names begin with a letter or digit, go on with letters, digits, '.', '_', '-', and end within 64"

  /// Whether an entry may be called so.
  package static func isValid(_ name: String) -> Bool {
    let isWord = { (character: Character) in character.isASCII && (character.isLetter || character.isNumber) }
    guard let first = name.first, isWord(first), name.count <= 64 else { return false }
    return name.allSatisfy { isWord($0) || "._-".contains($0) }
  }
}
