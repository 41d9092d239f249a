// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// An open folder, through which its files are reached whatever happens to the path that led to it.
package struct Folder: ~Copyable, Sendable {
  /// The folder itself, open for reading.
  package let descriptor: Descriptor
  /// The path it was opened by, for messages.
  package let path: FilePath

  package init(_ descriptor: consuming Descriptor, path: FilePath) {
    self.descriptor = descriptor
    self.path = path
  }

  /// Where `name` lies in this folder; the folder must outlive the location.
  package func location(_ name: FilePath.Component) -> FileLocation {
    FileLocation(folder: descriptor.rawValue, name: FilePath(root: nil, [name]), path: path.appending(name))
  }

  /// Where a temporary file lies that is about to become `name`, which is what messages name.
  package func location(_ temporary: FilePath.Component, becoming name: FilePath.Component) -> FileLocation {
    FileLocation(folder: descriptor.rawValue, name: FilePath(root: nil, [temporary]), path: path.appending(name))
  }

  /// The folder itself, for calls that take a location.
  package var itself: FileLocation { FileLocation(folder: descriptor.rawValue, name: ".", path: path) }
}

/// Where a file lies: a name below an open folder, or a path by itself.
package struct FileLocation: Sendable, Equatable {
  /// The descriptor of the folder that `name` is relative to (openat(2)), or `AT_FDCWD`.
  package let folder: CInt
  /// The name or path that is given to the kernel.
  package let name: FilePath
  /// The whole path, for messages.
  package let path: FilePath

  package init(folder: CInt, name: FilePath, path: FilePath) {
    self.folder = folder
    self.name = name
    self.path = path
  }

  /// A path by itself; a relative one starts at the working folder.
  package init(_ path: FilePath) {
    self.init(folder: AT_FDCWD, name: path, path: path)
  }
}
