// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Which certificates one server presents over the years, as its own administrators see to it.
struct ServerLife: Sendable {
  /// From when on it presents one certificate.
  struct Era: Sendable {
    let from: Date
    let notBefore: Date
    let notAfter: Date
    let authority: Int
  }

  let eras: [Era]

  init(_ scenario: Scenario, _ number: Int) {
    var chance = Chance(scenario, "server", number)
    var eras: [Era] = []
    var authority = chance.below(Authorities.count)
    let lifetime = [90, 90, 198, 365, 397][chance.below(5)] * day
    var from = scenario.start - chance.between(0, 0.6) * lifetime
    while from < scenario.end {
      let end = from + lifetime
      eras.append(Era(from: max(from, scenario.start), notBefore: from, notAfter: end, authority: authority))
      if chance.isTrue(Self.revocations) {
        // Its authority made a mistake, and it must have another one at once.
        authority = (authority + 1 + chance.below(Authorities.count - 1)) % Authorities.count
        from += chance.between(0.05, 0.6) * lifetime
      } else if chance.isTrue(Self.lateRenewals) {
        from = end + chance.ofAnySize(hour, 5 * day)
      } else {
        from = end - chance.between(0.02, 0.3) * lifetime
        if chance.isTrue(Self.moves) { authority = chance.below(Authorities.count) }
      }
    }
    self.eras = eras
  }

  /// What it presents at `time`, by its position.
  func era(at time: Date) -> Int {
    var (low, high) = (0, eras.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if eras[middle].from <= time { low = middle } else { high = middle }
    }
    return low
  }

  /// Shares of all renewals.
  private static let (revocations, lateRenewals, moves) = (0.01, 0.01, 0.08)
}
