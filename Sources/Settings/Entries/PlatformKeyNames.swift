// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Sees to it that no two service keys make keys of the same name in the same service instance: each would take the other's
/// for its own, and delete them.
struct PlatformKeyNames {
  private var known: [ServiceKeySettings] = []

  /// Reports `serviceKey` where another one makes its keys in the same place, however that is written.
  mutating func check(_ serviceKey: ServiceKeySettings, at field: Field) {
    guard serviceKey.source.platformKey != nil else { return }
    if let owner = known.first(where: { Self.collide($0.source, serviceKey.source, field.context.files) }) {
      field.report(
        "makes keys of the same name in the same service instance as '\(owner.name)'",
        hint: "give one of them 'key-name'")
    } else {
      known.append(serviceKey)
    }
  }

  private static func collide(
    _ left: ServiceKeySource, _ right: ServiceKeySource, _ files: any ConfigurationFiles
  ) -> Bool {
    guard left.platformKey?.base == right.platformKey?.base else { return false }
    switch (left, right) {
    case (.cloudFoundry(let left), .cloudFoundry(let right)):
      if let isSame = areSameGUID(left.instance, right.instance) { return isSame }
      return left.api == right.api && left.instance == right.instance && areSameSpace(left, right)
    case (.serviceManager(let left), .serviceManager(let right)):
      if let isSame = areSameGUID(left.instance, right.instance) { return isSame }
      return left.instance == right.instance && areSame(left.binding, right.binding, files)
    default: return false
    }
  }

  /// A GUID means one instance, whoever asks for it; nil where neither is one.
  private static func areSameGUID(_ left: String, _ right: String) -> Bool? {
    let guids = [UUID(uuidString: left), UUID(uuidString: right)]
    return guids == [nil, nil] ? nil : guids[0] == guids[1]
  }

  /// A login that does not say the space has to see one instance of that name only: the one of the login that does.
  private static func areSameSpace(_ left: CloudFoundrySource, _ right: CloudFoundrySource) -> Bool {
    let isOneLogin = left.login == right.login
    func agree(_ left: String?, _ right: String?) -> Bool {
      left == right || isOneLogin && (left == nil || right == nil)
    }
    return agree(left.space, right.space) && agree(left.organization, right.organization)
  }

  private static func areSame(
    _ left: CredentialReference, _ right: CredentialReference, _ files: any ConfigurationFiles
  ) -> Bool {
    guard left != right, case .file(let left) = left, case .file(let right) = right else { return left == right }
    return files.holdSameSecret(left, right)
  }
}
