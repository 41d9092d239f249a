// SPDX-License-Identifier: Apache-2.0

import Certificates
import SystemPackage

/// Values of the types that the key table names. Each returns nil, and reports a mistake, when the value is not one.
extension Field {
  func flag() -> Bool? {
    guard let text = line() else { return nil }
    guard let value = ["true": true, "false": false][text] else {
      report("must be true or false, not '\(text)'")
      return nil
    }
    return value
  }

  func integer(in range: ClosedRange<Int>) -> Int? {
    guard let text = line() else { return nil }
    guard let value = Int(text), range.contains(value), text.first != "+" else {
      report("must be a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
      return nil
    }
    return value
  }

  func choice<Value: RawRepresentable & CaseIterable>(
    _: Value.Type = Value.self, also others: [String] = []
  ) -> Value? where Value.RawValue: LosslessStringConvertible {
    guard let text = line() else { return nil }
    if let raw = Value.RawValue(text), let value = Value(rawValue: raw) { return value }
    let known = Value.allCases.map { "\($0.rawValue)" } + others
    let near = KeyGroup.nearest(to: text, among: known).map { "did you mean '\($0)'?" }
    report("must be one of \(known.joined(separator: ", ")), not '\(text)'", hint: near)
    return nil
  }

  func duration(in range: ClosedRange<Duration>) -> Duration? {
    guard let text = line() else { return nil }
    guard let value = DurationText.parse(text) else {
      report("'\(text)' is no duration", hint: "write a number and a unit s, m, h, d or w: 90m, 30d, 1d12h")
      return nil
    }
    guard range.contains(value) else {
      let limits = [range.lowerBound, range.upperBound].map(DurationText.describe)
      report("must be between \(limits[0]) and \(limits[1]), not \(text)")
      return nil
    }
    return value
  }

  func renewBefore() -> RenewBefore? {
    guard let text = line() else { return nil }
    guard text.hasSuffix("%") else {
      return duration(in: Bounds.renewBefore).map(RenewBefore.duration)
    }
    let digits = text.dropLast()
    guard let percent = Int(digits), (1...90).contains(percent), digits.allSatisfy(\.isNumber) else {
      report("must be a whole percentage from 1% to 90%, not '\(text)'")
      return nil
    }
    return .fraction(Double(percent) / 100)
  }

  func alertBefore() -> [Duration]? {
    guard let elements = elements() else { return nil }
    guard elements.count <= Bounds.mostAlerts else {
      report("must not have more than \(Bounds.mostAlerts) elements")
      return nil
    }
    let marks = elements.map { $0.duration(in: Bounds.alertBefore) }
    let known = marks.compactMap(\.self)
    guard known.count == marks.count else { return nil }
    return Set(known).sorted(by: >)
  }

  /// Each element read by `read`; nil when one of them is none.
  func list<Value>(_ read: (Field) -> Value?) -> [Value]? {
    guard let elements = elements() else { return nil }
    let values = elements.map(read)
    let known = values.compactMap(\.self)
    return known.count == values.count ? known : nil
  }

  /// A distinguished name as text.
  func distinguishedName() -> String? {
    guard let text = line() else { return nil }
    do {
      _ = try DistinguishedName(parsing: text)
      return text
    } catch {
      // It quotes parts of the text.
      let reason = Secrets.redacted(text) == text ? ": \(error)" : ""
      report("'\(text)' is no distinguished name\(reason)", hint: "write for example 'CN=host.example, O=TS, C=DE'")
      return nil
    }
  }

  /// What Cloud Foundry takes as the value of a label (V3 API documentation, "Metadata").
  func label(longest: Int = 63) -> String? {
    guard let text = line() else { return nil }
    let isWord = { (character: Character) in character.isASCII && (character.isLetter || character.isNumber) }
    guard text.count <= longest, let first = text.first, let last = text.last, isWord(first), isWord(last),
      text.allSatisfy({ isWord($0) || "-_.".contains($0) })
    else {
      report(
        "'\(text)' must be at most \(longest) letters, digits, '-', '_' and '.', with a letter or digit at either end")
      return nil
    }
    return text
  }

  func fingerprint() -> Fingerprint? {
    guard let text = line() else { return nil }
    guard let fingerprint = Fingerprint(hexadecimal: text) else {
      report("'\(text)' is no SHA-256 fingerprint", hint: "write 'sha256:' and 64 hexadecimal digits")
      return nil
    }
    return fingerprint
  }

  /// The name of an account or a group, or its number (useradd(8) says which names there are).
  func account() -> String? {
    guard let text = line() else { return nil }
    let isNumber = UInt32(text) != nil && text.first != "+"
    let allowed = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-$".contains($0)) }
    guard isNumber || (allowed && text.count <= 32 && text.first?.isNumber == false && text.first != "-") else {
      report("'\(text)' is no account or group name")
      return nil
    }
    return text
  }

  func mode() -> UInt16? {
    guard let text = line() else { return nil }
    let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
    guard (3...4).contains(digits.count), let mode = UInt16(digits, radix: 8), mode <= 0o777, digits.first != "+" else {
      report("'\(text)' is no file mode", hint: "write three octal digits after a zero: \"0640\"")
      return nil
    }
    guard mode & 0o400 != 0, mode & 0o133 == 0 else {
      report("mode \(text) must let the owner read, and let nobody execute or anyone but the owner write")
      return nil
    }
    return mode
  }
}

/// Limits of values.
///
/// The lower ones keep a slip of the pen from becoming a storm of requests.
enum Bounds {
  /// Ten seconds are for trying things out; they still cannot make a storm, since one endpoint is one connection.
  static let refetchEvery = Duration.seconds(10)...day * 30
  static let timeout = Duration.seconds(1)...minute * 5
  static let renewBefore = hour...day * 3650
  static let alertBefore = minute...day * 3650
  static let overlap = Duration.zero...day * 3650
  static let verifyPatience = Duration.zero...day
  static let confirmPatience = Duration.seconds(1)...day
  static let keyValidity = day...day * 3650
  static let validFor = day...day * 10_950
  static let hookDeadline = Duration.seconds(1)...hour
  static let keepGenerations = 2...100
  static let mostAlerts = 20

  private static let minute = Duration.seconds(60)
  private static let hour = Duration.seconds(3600)
  private static let day = Duration.seconds(86_400)
}
