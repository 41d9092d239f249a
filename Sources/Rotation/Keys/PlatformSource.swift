// SPDX-License-Identifier: Apache-2.0

package import ServiceKeys
package import Settings

/// Takes the place of the platforms that the configuration names, such as those of a world that is simulated.
package protocol PlatformSource: Sendable {
  /// The platform that makes this service key, and the service instance that is meant; nobody logs in.
  func connection(to settings: ServiceKeySettings) async throws(PlatformFailure) -> PlatformConnector.Connection
}
