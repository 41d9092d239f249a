// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
import Rotation
import ServiceKeys
import Settings
import Synchronization

/// Everything outside of certrotd.
struct World: Sendable {
  let scenario: Scenario
  let clock: SimulatedClock
  let authorities: Authorities
  let servers: SimulatedServers
  let platforms: [SimulatedPlatform]
  /// When the daemon does not run, such as while the host starts anew or is mended.
  let downtimes: Spans
  /// When the daemon cannot reach the platform of a key, whoever is at fault; by the number of the key's platform.
  let platformTroubles: [Spans]

  init(_ scenario: Scenario) throws {
    self.scenario = scenario
    clock = SimulatedClock(scenario.start)
    authorities = try Authorities(scenario)
    var chance = Chance(scenario, "network")
    let network = Spans(scenario, &chance, perYear: 2, length: hour...(3 * day))
    servers = SimulatedServers(scenario, authorities, network: network, clock: clock)
    platformTroubles = (0..<scenario.platforms).map { number in
      var chance = Chance(scenario, "platform", number)
      return Spans(merging: [network, Spans(scenario, &chance, perYear: 4, length: hour...(21 * day))])
    }
    let (authorities, clock, troubles) = (authorities, clock, platformTroubles)
    platforms = (0..<scenario.keys).map { number in
      SimulatedPlatform(
        scenario, number, authorities, trouble: troubles[number % scenario.platforms], clock: clock)
    }
    var hostChance = Chance(scenario, "host")
    var repairs = Chance(scenario, "repairs")
    downtimes = Spans(merging: [
      Spans(scenario, &hostChance, perYear: 6, length: 60...(2 * hour)),
      Spans(scenario, &repairs, perYear: 0.3, length: (6 * hour)...(7 * day)),
    ])
  }

  /// When the platform of a key could not do anything for this daemon, for either's fault.
  func idleTimes(ofKey number: Int) -> Spans {
    Spans(merging: [platformTroubles[number % scenario.platforms], downtimes])
  }
}

extension World: PlatformSource {
  func connection(
    to settings: ServiceKeySettings
  ) async throws(PlatformFailure) -> PlatformConnector.Connection {
    guard let platform = platforms.first(where: { $0.name == settings.name }) else {
      throw PlatformFailure(.missing, .configuration, "there is no platform for \(settings.name)")
    }
    return PlatformConnector.Connection(platform: platform, instance: InstanceReference(instance: settings.name))
  }
}
