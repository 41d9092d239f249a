// SPDX-License-Identifier: Apache-2.0

package import Host
package import Ledger
package import SystemPackage

/// Where certrotd keeps its state; `/var/lib/certrotd` unless told otherwise.
package struct StateLayout: Sendable, Hashable {
  /// The state folder itself; it is locked (flock(2)) for as long as a daemon runs on it.
  package let root: FilePath

  /// The folder of the control socket.
  package let runtime: FilePath

  /// Where files lie that other programs are given for a moment.
  package let scratch: FilePath

  /// - Parameters:
  ///   - root: the state folder, absolute.
  ///   - runtime: what `$RUNTIME_DIRECTORY` names (systemd.exec(5)); nil outside a service: then the control socket lies in
  ///     `/run/certrotd` if `root` is the usual one, and in `root` itself if it is another.
  ///   - scratch: a folder in memory that nobody else may enter, ``ScratchFolder``; nil for the state folder.
  package init(root: FilePath, runtime: FilePath? = nil, scratch: FilePath? = nil) {
    self.root = root
    self.runtime = runtime ?? (root == Self.usualRoot ? Self.usualRuntime : root)
    self.scratch = scratch ?? root
  }

  package var controlSocket: FilePath { runtime.appending("control") }

  package var ledger: FilePath { root.appending("ledger.sqlite3") }

  /// The key that seals private keys in the ledger, where no systemd credential gives one.
  package var sealingKey: FilePath { root.appending("ledger.key") }

  package var keystores: FilePath { root.appending("keystores") }

  /// The folder of one keystore: its generations and the link to the current one.
  package func keystore(_ name: String) -> FilePath { keystores.appending(name) }

  /// Copies of the files that keystores started from.
  package var adopted: FilePath { root.appending("adopted") }

  /// The copy of the configuration in force, ``AcceptedConfigurationFile``.
  package var acceptedConfiguration: FilePath { root.appending("accepted-configuration.json") }

  /// Held while a service key is put in its place and recorded, so that nobody sees the one without the other.
  package var intakeLock: FilePath { root.appending("service-keys.lock") }

  /// Where the sealing key comes from: the systemd credential where the unit loads one, else the key file.
  ///
  /// - Throws: `SystemError` when nobody can tell whether there is a credential.
  package func sealingSource(credentialsFolder: FilePath?, files: HostFiles) throws(SystemError) -> SealingKeySource {
    guard let credential = credentialsFolder?.appending(Self.sealingCredential),
      try files.linkStatusIfPresent(of: credential) != nil
    else { return .file(sealingKey) }
    return .credential(credential)
  }

  /// The name of the systemd credential that holds the sealing key (systemd.exec(5), `LoadCredential=`).
  package static let sealingCredential = "certrotd-ledger-key"

  package static let usualRoot: FilePath = "/var/lib/certrotd"
  package static let usualRuntime: FilePath = "/run/certrotd"
  package static let usualConfiguration: FilePath = "/etc/certrotd/certrotd.yaml"
}
