// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// The entries of all files by kind, before they are read: `defaults` may stand in a later file than the entries
/// that inherit from it.
struct EntryCollection {
  private let files: any ConfigurationFiles
  private(set) var contexts: [ReadingContext] = []
  /// The folder of drop-ins, when it could not be listed: then it has a context of its own.
  private(set) var damagedFolder: FilePath?

  private var defaults: Field?
  private var endpoints = NamedEntries(kind: "endpoint")
  private var serviceKeys = NamedEntries(kind: "service key")
  private var keystores = NamedEntries(kind: "keystore")

  init(files: any ConfigurationFiles) {
    self.files = files
  }

  mutating func addFolder(_ folder: FilePath) {
    let names: [String]
    do throws(FileProblem) {
      names = try files.list(folder)
    } catch .missing {
      return
    } catch {
      addContext(folder).report(.start, "the folder \(error)")
      damagedFolder = folder
      return
    }
    for name in names.sorted() where !name.hasPrefix(".") {
      guard let component = FilePath.Component(name) else { continue }
      if name.hasSuffix(".yaml") {
        addFile(folder.appending(component))
      } else if name.hasSuffix(".yml") {
        addContext(folder.appending(component)).report(
          .start, "would not be read", hint: "files in conf.d end in .yaml: rename it, or move it away")
      }
    }
  }

  mutating func addFile(_ path: FilePath) {
    let context = addContext(path)
    let bytes: [UInt8]
    do throws(FileProblem) {
      bytes = try files.read(path, limit: ConfigurationReader.largestFile)
    } catch {
      context.report(.start, "the file \(error)")
      return
    }
    let document = YAMLDocument(bytes)
    for problem in document.problems { context.report(problem.position, key: problem.key, problem.message) }
    guard let root = document.root else { return }
    if case .null = root.content { return }
    addRoot(Field(node: root, path: "", context: context))
  }

  /// The entries, read and compared with each other; those with mistakes may be missing.
  func readEntries(stateDirectory: FilePath) -> Configuration {
    var scope = EntryScope(
      defaults: defaults.map(DefaultsReader.read) ?? Defaults(), endpointNames: endpoints.entries.map(\.name),
      serviceKeyNames: serviceKeys.entries.map(\.name),
      refusedNames: Set((endpoints.refused + serviceKeys.refused).map(\.name)), outputs: OutputRegistry())
    let endpoints = endpoints.entries.compactMap { EndpointReader.read($0.field, name: $0.name, scope) }
    scope.serviceKeys = serviceKeys.entries.compactMap { ServiceKeyEntryReader.read($0.field, name: $0.name, scope) }
    let configuration = Configuration(
      defaults: scope.defaults, endpoints: endpoints, serviceKeys: scope.serviceKeys,
      keystores: keystores.entries.compactMap { KeystoreEntryReader.read($0.field, name: $0.name, scope) })
    readRefused(scope)
    scope.logins.check(configuration.serviceKeys)
    var names = PlatformKeyNames()
    for entry in serviceKeys.entries {
      if let serviceKey = configuration.serviceKey(named: entry.name) { names.check(serviceKey, at: entry.field) }
    }
    for entry in keystores.entries {
      if let keystore = configuration.keystore(named: entry.name) {
        ChangeWindowCheck.check(keystore, configuration, at: entry.field)
      }
    }
    let inputs = contexts.map(\.file) + configuration.watchedFiles + configuration.credentialFiles
    scope.outputs.check(inputs: inputs, stateDirectory: stateDirectory, files: files)
    return configuration
  }

  /// Reads the entries that are refused for their names, so that what is wrong in them is told in the same run; nothing of
  /// them counts.
  private func readRefused(_ scope: EntryScope) {
    var aside = scope
    (aside.outputs, aside.logins) = (OutputRegistry(), LoginRegistry())
    for entry in endpoints.refused { _ = EndpointReader.read(entry.field, name: entry.name, aside) }
    for entry in serviceKeys.refused { _ = ServiceKeyEntryReader.read(entry.field, name: entry.name, aside) }
    for entry in keystores.refused { _ = KeystoreEntryReader.read(entry.field, name: entry.name, aside) }
  }

  private mutating func addContext(_ path: FilePath) -> ReadingContext {
    let context = ReadingContext(file: path, files: files)
    contexts.append(context)
    return context
  }

  private mutating func addRoot(_ field: Field) {
    guard let mapping = MappingReader(field.withoutEmptyGroups, KeyTable.root) else { return }
    if let found = mapping["defaults"] {
      if let first = defaults {
        found.report("'defaults' may stand in one file only", hint: "the first one is at \(first.declaration)")
        // What is wrong in it is told in the same run.
        _ = DefaultsReader.read(found)
      } else {
        defaults = found
      }
    }
    mapping["endpoints"].map { endpoints.add($0) }
    mapping["service-keys"].map { serviceKeys.add($0) }
    mapping["keystores"].map { keystores.add($0) }
  }
}

/// The entries of one kind, each name once over all files.
private struct NamedEntries {
  let kind: String
  private(set) var entries: [(name: String, field: Field)] = []
  /// Those whose names cannot be or are taken, which is a mistake that has been reported.
  private(set) var refused: [(name: String, field: Field)] = []
  private var places: [String: Declaration] = [:]

  init(kind: String) {
    self.kind = kind
  }

  mutating func add(_ group: Field) {
    guard case .mapping(let list) = group.node.content else {
      group.report("must be a mapping of names, not \(group.node.kind)")
      return
    }
    for entry in list {
      let field = group.child(entry.value, entry.key)
      func report(_ message: String, hint: String) {
        field.context.report(entry.position, key: field.path, message, hint: hint)
      }
      let place = Declaration(
        file: field.context.file, line: entry.position.line, column: entry.position.column)
      var located = field
      located.node.position = entry.position
      if !EntryName.isValid(entry.key) {
        report("'\(Secrets.redacted(entry.key))' is no name", hint: EntryName.advice)
        refused.append((entry.key, located))
      } else if let first = places[entry.key] {
        report("another \(kind) has this name already", hint: "the first one is at \(first)")
        refused.append((entry.key, located))
      } else {
        places[entry.key] = place
        entries.append((entry.key, located))
      }
    }
    for entry in group.node.repeated {
      var located = group.child(entry.value, entry.key)
      located.node.position = entry.position
      refused.append((entry.key, located))
    }
  }
}

extension Field {
  /// Drops groups whose entries are all commented out: `endpoints:` with nothing behind it is no mistake.
  fileprivate var withoutEmptyGroups: Field {
    guard case .mapping(let entries) = node.content else { return self }
    let filled = entries.filter { entry in
      if case .null = entry.value.content { return !KeyTable.root.knows(entry.key) }
      return true
    }
    var copy = self
    copy.node.content = .mapping(filled)
    return copy
  }
}
