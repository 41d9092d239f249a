// SPDX-License-Identifier: Apache-2.0

/// What the daemon does for those who call it; each throws ``Fault`` for what it can tell the caller, and
/// `CancellationError` when the daemon ends or the caller has gone.
package protocol ControlActions: Sendable {
  func ping() async throws -> ControlInterface.Pong

  func status() async throws -> ControlInterface.StatusReply

  /// Renews a service key or a keystore.
  ///
  /// - Parameters:
  ///   - name: of a service key, a keystore, or both.
  ///   - now: also what is not due.
  ///   - tell: called for each step, in order; it throws when the caller has gone, and what was begun goes on.
  /// - Returns: what came of it.
  /// - Throws: also what `tell` throws.
  func renew(
    _ name: String, now: Bool, tell: @escaping @Sendable (ControlStep) async throws -> Void
  ) async throws -> ControlOutcome

  func verify(_ name: String) async throws -> ControlVerdict

  func listKeys(_ name: String) async throws -> [ControlKey]

  /// `force`: even though the key ends no later than the one in force.
  func adoptKey(_ name: String, guid: String, force: Bool) async throws -> ControlKey

  func reload() async throws -> ControlInterface.ReloadReply
}
