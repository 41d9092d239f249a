// SPDX-License-Identifier: Apache-2.0

/// How much a client of the control socket may ask for.
package struct ControlLimits: Sendable {
  /// How many bytes a call may have.
  package var callBytes: Int
  /// How many connections there are at once of those who may act, and as many again of those who may only look: one
  /// kind cannot lock the other out.
  package var connections: Int
  /// How long a connection may be idle between calls.
  package var idle: Duration
  /// How long the rest of a call may take after its first byte, and the client may take to read a reply.
  package var transfer: Duration
  /// How long a call may be under way.
  package var call: Duration
  /// How long to keep quiet after it was told that there is no room for further connections.
  package var silence: Duration
  /// How long the socket's file is not looked after while no client comes.
  package var inspection: Duration

  package init(
    callBytes: Int = 64 * 1024, connections: Int = 32, idle: Duration = .seconds(60),
    transfer: Duration = .seconds(10), call: Duration = .seconds(20 * 60),
    silence: Duration = .seconds(60), inspection: Duration = .seconds(10)
  ) {
    self.callBytes = callBytes
    self.connections = connections
    self.idle = idle
    self.transfer = transfer
    self.call = call
    self.silence = silence
    self.inspection = inspection
  }
}
