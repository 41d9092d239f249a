// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// All files and folders of one generation of a keystore.
package struct DeliverySet: Sendable {
  package let items: [DeliveryItem]

  /// Refuses items that could not be delivered side by side: an empty set, one path twice or below another, a relative
  /// path that leaves the generation or begins with a dot, an outside path that is not absolute and plain, and member
  /// names that are no names.
  package init(_ items: [DeliveryItem]) throws(DeliveryError) {
    if items.isEmpty { throw DeliveryError(.invalidItem(path: "", why: "there is nothing to deliver")) }
    for item in items {
      try Self.check(item.destination)
      if case .folder(let folder) = item { try Self.checkMembers(of: folder) }
    }
    let paths = items.map { FilePath($0.destination.description) }
    for (index, path) in paths.enumerated() {
      for (otherIndex, other) in paths.enumerated() where index != otherIndex && path.starts(with: other) {
        throw DeliveryError(
          .invalidItem(path: path.string, why: "it is, or lies in, another item of the same keystore"))
      }
    }
    self.items = items
  }

  private static func check(_ destination: DeliveryDestination) throws(DeliveryError) {
    func refuse(_ why: String) -> DeliveryError {
      DeliveryError(.invalidItem(path: destination.description, why: why))
    }
    let path = FilePath(destination.description)
    guard !path.components.isEmpty, path.components.allSatisfy({ $0.kind == .regular }) else {
      throw refuse("the path must consist of plain names, without “.” and “..”")
    }
    switch destination {
    case .inGeneration:
      guard path.isRelative else { throw refuse("a path in the keystore's own folder must be relative") }
      // Names with a dot are the store's own.
      guard path.components.first?.string.hasPrefix(".") == false else {
        throw refuse("the path must not begin with a dot")
      }
    case .outside:
      guard path.isAbsolute else { throw refuse("a path outside the keystore's own folder must be absolute") }
    }
  }

  private static func checkMembers(of folder: DeliveryFolder) throws(DeliveryError) {
    var names: Set<String> = []
    for member in folder.members {
      guard let name = FilePath.Component(member.name), name.kind == .regular, names.insert(member.name).inserted
      else {
        throw DeliveryError(
          .invalidItem(
            path: folder.destination.description, why: "“\(member.name)” is no file name, or is there twice"))
      }
    }
  }
}
