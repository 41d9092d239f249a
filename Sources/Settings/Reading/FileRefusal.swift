// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Why an account may not read a file, and what would let it.
package struct FileRefusal: Sendable, Hashable {
  package enum Obstacle: Sendable, Hashable {
    /// The file itself.
    case file(FilePath)
    /// The folder itself, whose names are wanted.
    case folder(FilePath)
    /// A folder on the way, which the account may not search.
    case way(FilePath)
  }

  package var account: String
  /// The name of the account's primary group.
  package var group: String
  package var obstacle: Obstacle

  package init(account: String, group: String, obstacle: Obstacle) {
    self.account = account
    self.group = group
    self.obstacle = obstacle
  }

  /// What completes a sentence that begins with the path; `mustBeClosed` where its owner alone may be able to read the file.
  func sentence(mustBeClosed: Bool) -> String {
    let refused = "may not be read by the account \(account)"
    switch obstacle {
    case .file(let path) where mustBeClosed: return "\(refused): chown \(account) \(path)"
    case .file(let path): return "\(refused): chgrp \(group) \(path) && chmod g+r \(path)"
    case .folder(let path): return "\(refused): chgrp \(group) \(path) && chmod g+rx \(path)"
    case .way(let path):
      return """
        \(refused), which may not enter \(path): put it where the account may go, such as /etc/certrotd/keys, or: \
        chgrp \(group) \(path) && chmod g+x \(path)
        """
    }
  }
}
