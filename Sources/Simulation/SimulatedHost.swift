// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Ledger
import Rotation
import SystemPackage

/// The files of the simulated host: its configuration, the roots that it trusts, and the daemon's state.
struct SimulatedHost: Sendable {
  let folder: FilePath
  private let files = HostFiles()

  var configuration: FilePath { folder.appending("certrotd.yaml") }
  var state: FilePath { folder.appending("state") }

  /// Writes what an administrator writes.
  ///
  /// - Throws: `SystemError`.
  func prepare(_ world: World) throws {
    let roots = folder.appending("roots.pem")
    try write(world.authorities.roots.map { PEMBlock($0).text }.joined(), to: roots)
    // Nobody logs in with it: the platforms are the world's.
    try write("{}", to: folder.appending("manager.json"))
    try write(Self.yaml(world.scenario, roots, folder.appending("manager.json")), to: configuration)
  }

  /// Makes the daemon's ledger, whose jitter is that of `seed`.
  func makeLedger(seed: UInt64, at now: Date) async throws {
    let layout = StateLayout(root: state)
    try files.makeDirectories(at: state, mode: .ownerReadWriteExecute)
    let sealing = try layout.sealingSource(credentialsFolder: nil, files: files)
    let opening = try LedgerStore.open(at: layout.ledger, sealing: sealing, access: .readWrite, now: now)
    try await opening.store.setInstallationSeed(seed)
    try opening.store.close()
  }

  private func write(_ text: String, to path: FilePath) throws {
    try files.replaceFile(at: path, mode: .ownerReadWrite, contents: SecretBytes(copying: text.utf8))
  }

  private static func yaml(_ scenario: Scenario, _ roots: FilePath, _ binding: FilePath) -> String {
    let seconds = scenario.refetchEvery.components.seconds
    var text = "defaults: {refetch-every: \(seconds)s, proxy: none, installation: simulated}\nendpoints:\n"
    for number in 0..<scenario.endpoints {
      text += "  endpoint-\(number): {url: \(SimulatedServers.host(of: number)), anchors: {bundle: \(roots)}}\n"
    }
    if scenario.keys > 0 { text += "service-keys:\n" }
    for number in 0..<scenario.keys {
      let lifetime = scenario.lifetime(ofKey: number)
      text += """
          key-\(number):
            from: {service-manager: {binding-file: \(binding), service-instance: key-\(number), preset: cloud-integration, \
        validity: \(Int(lifetime))d}}
            verify: none
            overlap: \(Int(scenario.overlap(ofKey: number) * 24))h

        """
    }
    text += "keystores:\n"
    for number in 0..<scenario.keys {
      text += """
          key-\(number):
            identity: {service-key: key-\(number)}
            files: [{pem: {certificate: cert.pem, key: key.pem}}]

        """
    }
    for group in 0..<scenario.groups {
      let names = scenario.endpoints(ofGroup: group).map { "endpoint-\($0)" }.joined(separator: ", ")
      let days = 90 + 35 * group
      let identity =
        group < scenario.selfSigned
        ? "\n    identity: {self-signed: {subject: CN=host, valid-for: \(days)d}}" : ""
      text += """
          group-\(group):\(identity)
            trust: {endpoints: [\(names)]}
            files: [{pse: {path: client.pse}}]

        """
    }
    return text
  }
}
