// SPDX-License-Identifier: Apache-2.0

import Planning

/// Hands each kind of work to the one that does it.
struct Dispatcher: WorkRunner {
  let probes: ProbeRunner
  let serviceKeys: ServiceKeyIntake
  let rotations: KeyRotationRunner
  let identities: OwnIdentityKeeper
  let adopter: PSEAdopter
  let generations: GenerationWriter
  let hooks: HookExecutor
  let confirmer: KeystoreConfirmer
  let alerts: AlertExecutor

  func probe(_ endpoints: [String]) async throws { try await probes.probe(endpoints) }

  func run(_ due: DueWork) async throws {
    switch due.work {
    case .probe(let endpoint): try await probes.probe([endpoint])
    case .readServiceKey(let name): try await serviceKeys.run(name)
    case .tendServiceKey(let name): try await rotations.run(name)
    case .readIdentityFiles(let keystore): try await identities.readFiles(keystore, because: due.reason)
    case .renewSelfSigned(let keystore): try await identities.renewSelfSigned(keystore, because: due.reason)
    case .adopt(let keystore): try await adopter.run(keystore)
    case .write(let keystore): try await generations.run(keystore)
    case .runHook(let id): try await hooks.run(id)
    case .confirm(let keystore): try await confirmer.run(keystore)
    case .alert(let mark): try await alerts.run(mark, because: due.reason)
    case .withdrawAlert(let mark): try await alerts.withdraw(mark)
    }
  }
}
