// SPDX-License-Identifier: Apache-2.0

package import Host

/// Who may do what: whoever the mode of the socket lets in may look, and only root and the daemon's own user may act.
package struct ControlAccess: Sendable {
  package enum Role: Sendable, Hashable { case reader, actor }

  private let ownUser: UInt32

  /// - Parameter ownUser: the user that the daemon runs as.
  package init(ownUser: UInt32) { self.ownUser = ownUser }

  package func role(of peer: PeerCredentials) -> Role {
    peer.user == 0 || peer.user == ownUser ? .actor : .reader
  }
}
