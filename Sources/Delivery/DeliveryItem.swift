// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

/// Where a file or folder of a keystore goes.
package enum DeliveryDestination: Hashable, Sendable, CustomStringConvertible {
  /// Into the generation's own folder, under a relative path.
  case inGeneration(String)
  /// To an absolute path elsewhere; the generation keeps a copy.
  case outside(FilePath)

  /// The path as it was configured.
  package var description: String {
    switch self {
    case .inGeneration(let path): path
    case .outside(let path): path.string
    }
  }
}

/// One file to deliver.
package struct DeliveryFile: Sendable {
  package var destination: DeliveryDestination
  /// The number of the user who shall own it; nil: the user of this process.
  package var owner: UInt32?
  /// The number of the group it shall have; nil: the group that new files get.
  package var group: UInt32?
  package var mode: FilePermissions
  package var contents: SecretBytes

  package init(
    destination: DeliveryDestination, owner: UInt32? = nil, group: UInt32? = nil, mode: FilePermissions,
    contents: SecretBytes
  ) {
    self.destination = destination
    self.owner = owner
    self.group = group
    self.mode = mode
    self.contents = contents
  }
}

/// One folder to deliver, which holds exactly its members and is replaced as a whole.
package struct DeliveryFolder: Sendable {
  /// A file in the folder; it gets the folder's owner and group.
  package struct Member: Sendable {
    package var name: String
    package var mode: FilePermissions
    package var contents: SecretBytes

    package init(name: String, mode: FilePermissions, contents: SecretBytes) {
      self.name = name
      self.mode = mode
      self.contents = contents
    }
  }

  package var destination: DeliveryDestination
  /// The number of the user who shall own it; nil: the user of this process.
  package var owner: UInt32?
  /// The number of the group it shall have; nil: the group that new files get.
  package var group: UInt32?
  /// The mode of the folder itself.
  package var mode: FilePermissions
  package var members: [Member]

  package init(
    destination: DeliveryDestination, owner: UInt32? = nil, group: UInt32? = nil, mode: FilePermissions,
    members: [Member]
  ) {
    self.destination = destination
    self.owner = owner
    self.group = group
    self.mode = mode
    self.members = members
  }
}

/// A file or a folder to deliver.
package enum DeliveryItem: Sendable {
  case file(DeliveryFile)
  case folder(DeliveryFolder)

  /// Where it goes.
  package var destination: DeliveryDestination {
    switch self {
    case .file(let file): file.destination
    case .folder(let folder): folder.destination
    }
  }
}
