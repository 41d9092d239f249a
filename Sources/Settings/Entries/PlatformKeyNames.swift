// SPDX-License-Identifier: Apache-2.0

/// Sees to it that no two service keys make keys of the same name in the same service instance: each would take the other's
/// for its own, and delete them.
struct PlatformKeyNames {
  private struct Place: Hashable {
    var platform: String
    var instance: String
    var base: String
  }

  private var owners: [Place: String] = [:]

  /// Reports `serviceKey` where another one makes its keys in the same place.
  mutating func check(_ serviceKey: ServiceKeySettings, at field: Field) {
    guard let place = Self.place(of: serviceKey.source) else { return }
    if let owner = owners[place] {
      field.report(
        "makes keys of the same name in the same service instance as '\(owner)'", hint: "give one of them 'key-name'")
    } else {
      owners[place] = serviceKey.name
    }
  }

  private static func place(of source: ServiceKeySource) -> Place? {
    switch source {
    case .file: nil
    case .cloudFoundry(let source):
      Place(
        platform: [source.api, source.organization ?? "", source.space ?? ""].joined(separator: "\n"),
        instance: source.instance, base: source.key.base)
    case .serviceManager(let source):
      Place(platform: "\(source.binding)", instance: source.instance, base: source.key.base)
    }
  }
}
