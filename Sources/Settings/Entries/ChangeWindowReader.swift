// SPDX-License-Identifier: Apache-2.0

/// Reads `change-window`.
enum ChangeWindowReader {
  /// - Returns: no window for `none`, and nil for a mistake.
  static func read(_ field: Field) -> [ChangeWindow]? {
    if let word = field.scalar {
      guard word != "none" else { return [] }
      field.report("must be none, a mapping, or a list of such, not '\(word)'", hint: "write for example \(example)")
      return nil
    }
    guard case .sequence(let elements) = field.node.content else { return window(field).map { [$0] } }
    guard !elements.isEmpty else {
      field.report("must not be empty", hint: "write none where files may change at any time")
      return nil
    }
    guard elements.count <= most else {
      field.report("must not have more than \(most) elements")
      return nil
    }
    return field.list(window)
  }

  private static func window(_ field: Field) -> ChangeWindow? {
    guard let mapping = MappingReader(field, KeyTable.changeWindow) else { return nil }
    let days = mapping["days"].map(days) ?? Set(ChangeWindow.Day.allCases)
    let from = mapping.required("from").flatMap { $0.timeOfDay(latest: ChangeWindow.minutesPerDay - 1) }
    let to = mapping.required("to").flatMap { $0.timeOfDay(latest: ChangeWindow.minutesPerDay) }
    let zone = mapping["time-zone"].map(zone) ?? .utc
    guard let days, let from, let to, let zone else { return nil }
    guard from != to else {
      mapping["to"]?.report(
        "is the same as 'from': the window would never open", hint: "a whole day is from \"00:00\" to \"24:00\"")
      return nil
    }
    let window = ChangeWindow(days: days, from: from, to: to, zone: zone)
    guard window.length >= ChangeWindow.shortest else {
      mapping["to"]?.report(
        "a window of \(window.length)m is too short", hint: "leave \(ChangeWindow.shortest)m at least")
      return nil
    }
    return window
  }

  private static func days(_ field: Field) -> Set<ChangeWindow.Day>? {
    guard field.scalar == nil else { return span(field) }
    guard let spans = field.list(span) else { return nil }
    guard !spans.isEmpty else {
      field.report("names no day", hint: "leave 'days' out where every day is meant")
      return nil
    }
    return spans.reduce(into: []) { $0.formUnion($1) }
  }

  /// One day, or those from one to another, such as `fri-mon`.
  private static func span(_ field: Field) -> Set<ChangeWindow.Day>? {
    guard let text = field.line() else { return nil }
    let words = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard words.count <= 2 else {
      field.report("'\(text)' is no span of days", hint: "write for example mon-fri")
      return nil
    }
    let found = words.map { day($0, field) }
    guard let first = found.first ?? nil, let last = found.last ?? nil else { return nil }
    let all = ChangeWindow.Day.allCases
    let positions = [first, last].map { all.firstIndex(of: $0) ?? 0 }
    let count = (positions[1] - positions[0] + all.count) % all.count
    return Set((0...count).map { all[(positions[0] + $0) % all.count] })
  }

  private static func day(_ word: String, _ field: Field) -> ChangeWindow.Day? {
    let wanted = word.lowercased()
    if let day = ChangeWindow.Day.allCases.first(where: { [$0.shortName, $0.rawValue].contains(wanted) }) {
      return day
    }
    let names = ChangeWindow.Day.allCases
    let near = KeyGroup.nearest(to: wanted, among: names.map(\.shortName) + names.map(\.rawValue))
    field.report(
      "'\(word)' is no day of the week",
      hint: near.map { "did you mean '\($0)'?" } ?? "days are \(names.map(\.shortName).joined(separator: ", "))")
    return nil
  }

  private static func zone(_ field: Field) -> WindowZone? {
    guard let name = field.line() else { return nil }
    if let zone = WindowZone(name) { return zone }
    let near = WindowZone.nearest(to: name).map { "did you mean '\($0)'?" }
    field.report("'\(name)' is no time zone", hint: near ?? "write UTC, or a name of the IANA database: Europe/Berlin")
    return nil
  }

  private static let most = 20
  private static let example = "{days: [sat, sun], from: \"22:00\", to: \"04:00\", time-zone: Europe/Berlin}"
}

extension Field {
  /// Minutes after midnight.
  fileprivate func timeOfDay(latest: Int) -> Int? {
    guard let text = line() else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let areDigits = parts.allSatisfy { part in part.allSatisfy { $0.isASCII && $0.isNumber } }
    guard parts.count == 2, areDigits, (1...2).contains(parts[0].count), parts[1].count == 2,
      let hours = Int(parts[0]), let minutes = Int(parts[1]), minutes < 60, hours * 60 + minutes <= latest
    else {
      let end = latest < ChangeWindow.minutesPerDay ? "23:59" : "24:00"
      report("'\(text)' is no time of day", hint: "write hours and minutes from \"00:00\" to \"\(end)\"")
      return nil
    }
    return hours * 60 + minutes
  }
}
