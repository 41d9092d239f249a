// SPDX-License-Identifier: Apache-2.0

package import HTTPTransport

/// How platforms are reached: whom to trust as a server, by which clock calls pause, and where a rotation may be cut off.
package struct PlatformReach: Sendable {
  package var trust: HTTPTrust
  /// For pauses between attempts of one call.
  package var pauses: any Clock<Duration>
  package var checkpoint: any RotationCheckpoint
  /// Where platforms are found; nil: where the configuration says.
  package var platforms: (any PlatformSource)?

  package init(
    trust: HTTPTrust = .system, pauses: any Clock<Duration> = ContinuousClock(),
    checkpoint: any RotationCheckpoint = NoCheckpoint(), platforms: (any PlatformSource)? = nil
  ) {
    self.trust = trust
    self.pauses = pauses
    self.checkpoint = checkpoint
    self.platforms = platforms
  }
}
