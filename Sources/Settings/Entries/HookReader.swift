// SPDX-License-Identifier: Apache-2.0

/// Reads one element of `after-change`.
enum HookReader {
  static func read(_ field: Field) -> HookSettings? {
    if case .sequence = field.node.content {
      return arguments(field).map { HookSettings(arguments: $0) }
    }
    if field.scalar != nil {
      field.report(
        "must be a list of arguments, or a mapping", hint: "write [/path/of/program, argument]; no shell reads it")
      return nil
    }
    guard let mapping = MappingReader(field, KeyTable.hook) else { return nil }
    let deadline = mapping["deadline"]?.duration(in: Bounds.hookDeadline) ?? Defaults.hookDeadline
    return mapping.required("run").flatMap(arguments).map { HookSettings(arguments: $0, deadline: deadline) }
  }

  private static func arguments(_ field: Field) -> [String]? {
    guard let elements = field.elements() else { return nil }
    guard let program = elements.first else {
      field.report("must not be empty", hint: "begin with the absolute path of the program")
      return nil
    }
    _ = program.program()
    let arguments = elements.map { element -> String? in
      // Unlike other values an argument may be empty.
      guard let text = element.scalar else {
        element.report("must be a single value, not \(element.node.kind)")
        return nil
      }
      return text
    }
    let known = arguments.compactMap(\.self)
    return known.count == arguments.count ? known : nil
  }
}
