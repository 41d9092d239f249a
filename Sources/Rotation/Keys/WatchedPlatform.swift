// SPDX-License-Identifier: Apache-2.0

package import Host
import Logging
package import ServiceKeys

/// A platform whose outages and refused logins are told of.
package struct WatchedPlatform: KeyPlatform {
  private let platform: any KeyPlatform
  private let caller: PlatformTroubles.Caller
  private let troubles: PlatformTroubles
  private let logger: Logger

  init(_ platform: any KeyPlatform, caller: PlatformTroubles.Caller, troubles: PlatformTroubles, logger: Logger) {
    self.platform = platform
    self.caller = caller
    self.troubles = troubles
    self.logger = logger
  }

  package func instance(_ reference: InstanceReference) async throws(PlatformFailure) -> PlatformInstance {
    try await watched(.read) { () async throws(PlatformFailure) in try await platform.instance(reference) }
  }

  package func keys(of instance: PlatformInstance) async throws(PlatformFailure) -> [PlatformKey] {
    try await watched(.read) { () async throws(PlatformFailure) in try await platform.keys(of: instance) }
  }

  package func requestKey(_ request: KeyRequest) async throws(PlatformFailure) -> KeyRequestAnswer {
    try await watched(.create) { () async throws(PlatformFailure) in try await platform.requestKey(request) }
  }

  package func progress(of job: String) async throws(PlatformFailure) -> JobProgress {
    try await watched(.follow) { () async throws(PlatformFailure) in try await platform.progress(of: job) }
  }

  package func credentials(of guid: String) async throws(PlatformFailure) -> SecretBytes {
    try await watched(.credentials) { () async throws(PlatformFailure) in try await platform.credentials(of: guid) }
  }

  package func deleteKey(_ guid: String) async throws(PlatformFailure) -> KeyDeletionAnswer {
    try await watched(.delete) { () async throws(PlatformFailure) in try await platform.deleteKey(guid) }
  }

  private func watched<Value: Sendable>(
    _ call: PlatformTroubles.Call, _ body: () async throws(PlatformFailure) -> Value
  ) async throws(PlatformFailure) -> Value {
    do throws(PlatformFailure) {
      let value = try await body()
      await noting { try await troubles.answered(caller, call) }
      return value
    } catch {
      let failure = error
      await noting { try await troubles.note(failure, of: caller, calling: call) }
      throw error
    }
  }

  /// The history may be lost, the call's outcome must not: what comes next writes to the ledger, too, and fails if it must.
  private func noting(_ body: () async throws -> Void) async {
    do {
      try await body()
    } catch {
      logger.error("the ledger did not take note of the platform's trouble: \(error)")
    }
  }
}
