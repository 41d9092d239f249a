// SPDX-License-Identifier: Apache-2.0

/// What the service keys of a configuration log in with, each where it is named first.
final class LoginRegistry {
  private var named: [(thing: NamedThing, field: Field)] = []

  /// Takes note of credentials, which `check` looks into.
  func add(_ thing: NamedThing, at field: Field) {
    guard !named.contains(where: { $0.thing == thing }) else { return }
    named.append((thing, field))
  }

  /// Reports what is wrong with them; a binding whose certificate a service key renews may have ended.
  func check(_ serviceKeys: [ServiceKeySettings]) {
    for (thing, field) in named {
      if case .binding(let reference, _) = thing {
        field.examine(.binding(reference, isRenewed: serviceKeys.contains { $0.renews(reference) }))
      } else {
        field.examine(thing)
      }
    }
  }
}
