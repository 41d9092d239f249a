// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Settings

/// Derives how everything stands.
package enum StatusReader {
  /// The status of every subject of the configuration.
  package static func read(_ configuration: Configuration, _ inventory: Inventory, now: Date) -> Status {
    let plan = Planner.plan(configuration, inventory, now: now, foreseeing: true)
    var due: [Work: DueWork] = [:]
    for work in plan.due { due[work.work] = work }
    let reader = SubjectReader(
      configuration: configuration, inventory: inventory, now: now, due: due, upcoming: plan.upcoming)
    return Status(
      subjects: configuration.endpoints.map(reader.status) + configuration.serviceKeys.map(reader.status)
        + configuration.keystores.map(reader.status),
      plan: plan)
  }
}

/// Derives how single subjects stand.
struct SubjectReader {
  let configuration: Configuration
  let inventory: Inventory
  let now: Date
  let due: [Work: DueWork]
  let upcoming: [Work: Date]

  func status(_ endpoint: EndpointSettings) -> SubjectStatus {
    let state = inventory.endpoints[endpoint.name] ?? EndpointState()
    let work = Work.probe(endpoint: endpoint.name)
    var status = status(.endpoint(endpoint.name), state.schedule, work)
    let path = state.verifiedPath
    status.breakage = path.map(earliest)
    if let failure = state.currentlyFailing {
      (status.state, status.reason) = (.failing, failure)
    } else if let ended = ended(status.breakage) {
      (status.state, status.reason) = (.expired, ended)
    } else if !state.attempted {
      (status.state, status.reason) = (
        .waiting, path == nil ? "it waits for its first probe" : "it waits for its first fetch under the new settings"
      )
    } else if let leaf = path?.leaf,
      let ending = ending(
        .leaf, leaf.notBefore, leaf.notAfter, configuration.defaults.alertBefore, "the server certificate")
    {
      (status.state, status.reason) = (.expiring, ending)
    } else if let due = due[work] {
      (status.state, status.reason) = (.due, "\(due.reason)")
    } else {
      status.reason = path.map { "it verified up to \($0.root.subject)" } ?? state.schedule.reason
    }
    return status
  }

  func status(_ serviceKey: ServiceKeySettings) -> SubjectStatus {
    let state = inventory.serviceKeys[serviceKey.name] ?? SourceState()
    let isRenewed = serviceKey.source.platformKey != nil
    let work = isRenewed ? Work.tendServiceKey(serviceKey.name) : Work.readServiceKey(serviceKey.name)
    var status = status(.serviceKey(serviceKey.name), state.schedule, work)
    status.breakage = state.identity.map { Breakage(what: $0.whatEnds, at: $0.notAfter) }
    if isRenewed {
      (status.lastAttempt, status.lastSuccess) = attempts(state)
      if let next = PlatformKeyPlanner.next(serviceKey, state, configuration, inventory, now: now) {
        (status.nextAttempt, status.nextStep) = next
      }
    } else if let identity = state.identity, state.schedule.failures == 0 {
      // That its file is looked at before then changes nothing for anybody.
      (status.nextAttempt, status.nextStep) = (replacement(of: identity, serviceKey.renewBefore), .replaceIdentity)
    }
    if let lost = state.identity.flatMap({ state.lost($0.leaf) }) {
      status.breakage = earlier(status.breakage, lost.breakage(now: now))
      (status.nextAttempt, status.nextStep) = (max(now, state.rotation?.nextAttempt ?? now), .renewIdentity)
      (status.state, status.reason) = (.expired, remedied(lost, state))
    } else if let ended = ended(status.breakage) {
      (status.state, status.reason) = (.expired, ended)
    } else if let failure = failing(state, isRenewed: isRenewed) {
      (status.state, status.reason) = (.failing, failure)
    } else if let rejected = state.rejected {
      let time = state.schedule.lastAttempt.map { " at \(TimeText.instant($0))" } ?? ""
      (status.state, status.reason) = (.failing, "the file was last rejected\(time): \(rejected)")
      // The same file is read again where that may help; any other waits for somebody to put another in its place.
      if state.schedule.failures == 0 { (status.nextAttempt, status.nextStep) = (now, .replaceIdentity) }
    } else if isRenewed, let rotation = state.rotation, !rotation.isResting {
      (status.state, status.reason) = (.renewing, "a new key is made on the platform; so far: \(rotation.phase)")
      if case .waiting(_, let reason) = rotation.standing {
        if rotation.phase == "due" { status.state = .waiting }
        status.reason = "\(reason); so far: \(rotation.phase)"
      }
    } else if let identity = state.identity {
      let start = RenewalPoint.due(identity, renewBefore: serviceKey.renewBefore, now: now)
      let marks = AlertMarks.of(serviceKey, serviceKey.alertBefore, identity)
      if let ending = ending(.identity, identity, marks) {
        (status.state, status.reason) = (.expiring, isRenewed ? ending : "\(ending); put a new service key in place")
      } else if let login = loginEnding(state, serviceKey) {
        (status.state, status.reason) = (.expiring, login)
      } else if start <= now {
        (status.state, status.reason) = (
          .due, "a new service key is due since \(TimeText.instant(start))\(identity.sinceLimit)"
        )
      } else {
        status.reason = "a new service key is due at \(TimeText.instant(start))\(identity.sinceLimit)"
      }
    } else {
      let holders = configuration.keystores.filter { keystore in
        keystore.identity == .serviceKey(serviceKey.name)
          && inventory.keystores[keystore.name]?.current?.content.identityLeaf != nil
      }.map(\.name)
      // The ledger that knew it was lost, or somebody gave the keystore another source.
      status.reason =
        holders.isEmpty
        ? "no service key was accepted yet"
        : "none is known, though files of \(holders.joined(separator: " and ")) hold an identity"
          + (isRenewed ? "" : ": put its file in place again")
      status.state = .waiting
    }
    if let unproven = state.unproven, [.ok, .due, .waiting].contains(status.state) {
      (status.nextAttempt, status.nextStep, status.isTriedAgain) = (state.schedule.nextAttempt, .readFiles, true)
      (status.state, status.reason) = (.waiting, "the new key is tried again: \(unproven)")
    }
    return status
  }

  /// When a key on the platform was last tended, and when that last worked: renewed, or, unless that fails, looked after.
  private func attempts(_ state: SourceState) -> (last: Date?, success: Date?) {
    let begun = state.rotation.flatMap { $0.isResting ? nil : $0.since }
    let last = [state.schedule.lastAttempt, state.renewals.lastAttempt, begun].compactMap(\.self).max()
    guard state.renewals.failures == 0 else { return (last, state.renewals.lastSuccess) }
    return (last, [state.schedule.lastSuccess, state.renewals.lastSuccess].compactMap(\.self).max())
  }

  /// What a lost key means, and what is being done about it.
  private func remedied(_ lost: LostKey, _ state: SourceState) -> String {
    guard let rotation = state.rotation, !rotation.isResting else { return lost.sentence }
    return "\(lost.sentence); \(rotation.account)"
  }

  /// The key in the files of a keystore, if the platform no longer has it, with what it means.
  private func lost(_ keystore: KeystoreSettings, _ current: GenerationState?) -> (key: LostKey, sentence: String)? {
    guard case .serviceKey(let name) = keystore.identity, let source = inventory.serviceKeys[name],
      let leaf = current?.identity?.leaf, let lost = source.lost(leaf)
    else { return nil }
    return (lost, remedied(lost, source))
  }

  private func earlier(_ one: Breakage?, _ other: Breakage) -> Breakage {
    one.map { $0.at < other.at ? $0 : other } ?? other
  }

  /// What the end of the certificate that certrotd logs in with means for a service key; nil as long as it is far away.
  private func loginEnding(_ state: SourceState, _ serviceKey: ServiceKeySettings) -> String? {
    guard let login = state.login else { return nil }
    let what = "the certificate that certrotd logs in with, \(login.subject),"
    if login.notAfter <= now {
      return "\(what) ended at \(TimeText.instant(login.notAfter)); put a newer one in place, or no key can be renewed"
    }
    return ending(.login, login.notBefore, login.notAfter, serviceKey.alertBefore, what).map {
      "\($0); put a newer one in place before it does"
    }
  }

  /// What stands in the way of a service key; nil if nothing does.
  private func failing(_ state: SourceState, isRenewed: Bool) -> String? {
    if isRenewed, case .failed = state.rotation?.standing { return state.rotation?.obstacle }
    // A new key is not known everywhere at once.
    let isTold = state.unproven != nil || state.rejected != nil
    return state.schedule.failures > 0 && !isTold ? state.schedule.reason : nil
  }

  func status(_ keystore: KeystoreSettings) -> SubjectStatus {
    let state = inventory.keystores[keystore.name] ?? KeystoreState()
    let trust = TrustPlanner.wanted(keystore, inventory, now: now)
    let works: [Work] = [
      .write(keystore: keystore.name), .renewSelfSigned(keystore: keystore.name),
      .readIdentityFiles(keystore: keystore.name), .adopt(keystore: keystore.name),
    ]
    let hooks = inventory.hooks.filter { $0.keystore == keystore.name }
    // Files that were read well are looked at again and again, and nobody waits for that.
    let isLook = { (work: Work) in work.step?.isLook == true && state.identitySchedule.failures == 0 }
    var status = status(
      .keystore(keystore.name), state.writing, works[0],
      alsoBy: works.dropFirst().filter { !isLook($0) } + hooks.map { .runHook(id: $0.id) }
        + [.confirm(keystore: keystore.name)])
    status.confirmation = keystore.confirmation(in: state)
    if let identity = identityToReplace(keystore) {
      let time = replacement(of: identity, keystore.renewBefore)
      if time < status.nextAttempt ?? .distantFuture {
        (status.nextAttempt, status.nextStep) = (time, .replaceIdentity)
      }
    }
    status.lastAttempt = [status.lastAttempt, hooks.compactMap(\.schedule.lastAttempt).max()].compactMap(\.self).max()
    if let leaves = trust.departures.values.min(), leaves < status.nextAttempt ?? .distantFuture {
      (status.nextAttempt, status.nextStep) = (max(now, leaves), .dropTrust)
    }
    status.missing = trust.unverified
    status.breakage = breakage(of: state.current, trust)
    let decision = WritePlanner.decide(keystore, inventory, trust: trust, now: now)
    let wait = WriteWindow.wait(for: decision, keystore, trust, inventory, now)
    status.window = wait
    if let lost = lost(keystore, state.current) {
      status.breakage = earlier(status.breakage, lost.key.breakage(now: now))
      (status.state, status.reason) = (.expired, lost.sentence)
    } else if let ended = ended(status.breakage) {
      (status.state, status.reason) = (.expired, ended)
      if case .stuck(let standstill) = decision { status.reason = standstill.sentence }
    } else if works.contains(where: inventory.underWay.contains) {
      (status.state, status.reason) = (.renewing, "a new generation or identity is being made")
    } else if let failing = failing(keystore, state, decision) {
      (status.state, status.reason) = (.failing, failing)
    } else if let unfinished = state.unfinished {
      (status.state, status.reason) = (.due, KeystoreState.halfway(unfinished))
    } else if let identity = state.current?.identity,
      let ending = ending(.identity, identity, marks(of: keystore, identity))
    {
      let why = wait?.sentence ?? heldSentence(keystore, state, decision)
      (status.state, status.reason) = (.expiring, why.map { "\(ending); \($0)" } ?? ending)
    } else if case .write(_, let reason) = decision, let wait {
      (status.state, status.reason) = (.waiting, "\(reason); \(wait.sentence)")
    } else {
      (status.state, status.reason) = settled(keystore, state, decision, works, missing: trust.unverified)
      // What is refused makes room yet, so that it is too early to call it well.
      if let confirmation = status.confirmation, confirmation.isOpen, [.ok, .held, .incomplete].contains(status.state) {
        (status.state, status.reason) = (.due, confirmation.sentence(state.current?.number ?? 0))
      }
    }
    return status
  }

  /// A keystore follows the service key that it takes its identity from.
  private func marks(of keystore: KeystoreSettings, _ identity: IdentityState) -> [Duration] {
    guard case .serviceKey(let name) = keystore.identity, let serviceKey = configuration.serviceKey(named: name) else {
      return keystore.alertBefore
    }
    // As long as it is the one in force, one cannot be well while the other ends.
    let isSame = inventory.serviceKeys[name]?.identity?.leaf == identity.leaf
    return AlertMarks.of(serviceKey, keystore.alertBefore + (isSame ? serviceKey.alertBefore : []), identity)
  }

  private func settled(
    _ keystore: KeystoreSettings, _ state: KeystoreState, _ decision: WriteDecision, _ works: [Work], missing: [String]
  ) -> (SubjectState, String) {
    switch decision {
    case .write(_, let reason): return (.due, "\(reason)")
    case .held: return (.held, heldSentence(keystore, state, decision) ?? "")
    case .stuck(let standstill): return (.failing, standstill.sentence)
    case .waiting(let sentence) where state.current == nil: return (.waiting, sentence)
    case .waiting, .upToDate:
      if let work = works.lazy.compactMap({ due[$0] }).first(where: { $0.work.renews }) {
        return (.due, "\(work.reason)")
      }
      if case .waiting(let sentence) = decision { return (.waiting, sentence) }
      guard missing.isEmpty else {
        let names = missing.joined(separator: " and ")
        return (
          .incomplete,
          state.current?.wasFound == true
            ? "it may lack what \(names) needs: no chain has verified since the ledger was lost"
            : "it lacks what \(names) needs, which never verified"
        )
      }
      return (.ok, "generation \(state.current?.number ?? 0) holds what it should")
    }
  }

  /// What went wrong and has not been put right: the first two of it, and how much more there is.
  private func failing(_ keystore: KeystoreSettings, _ state: KeystoreState, _ decision: WriteDecision) -> String? {
    var faults: [String] = []
    for fault in self.faults(keystore, state, decision) where !faults.contains(where: { $0.contains(fault) }) {
      faults.append(fault)
    }
    guard faults.count > 2 else { return faults.isEmpty ? nil : faults.joined(separator: "; also: ") }
    return "\(faults[0]); also: \(faults[1]) (and \(faults.count - 2) more)"
  }

  private func faults(_ keystore: KeystoreSettings, _ state: KeystoreState, _ decision: WriteDecision) -> [String] {
    var faults: [String?] = []
    if case .write = decision, state.writing.failures > 0 { faults.append(state.writing.reason) }
    if case .stuck(let standstill) = decision { faults.append(standstill.sentence) }
    faults += keystore.trust.bundles.map { inventory.bundleFaults["\($0)"] }
    faults.append(state.passwordFault)
    if keystore.adopt != nil, state.adoptionSchedule.failures > 0 { faults.append(state.adoptionSchedule.reason) }
    faults.append(state.damageSentence)
    if let unknown = state.unknownEnd {
      if case .waiting(let sentence) = decision {
        faults.append("\(unknown); \(sentence)")
      } else {
        faults.append(unknown)
      }
    }
    faults += state.gaps.sorted { $0.key < $1.key }.map(\.value)
    if keystore.hasOwnIdentity, state.identitySchedule.failures > 0 { faults.append(state.identitySchedule.reason) }
    if let confirmation = keystore.confirmation(in: state), case .unconfirmed = confirmation.state {
      faults.append(confirmation.sentence(state.current?.number ?? 0))
    }
    faults += inventory.hooks.filter { $0.keystore == keystore.name && $0.schedule.failures > 0 }.map { hook in
      let what =
        hook.isLogin
        ? "the credentials (seclogin) for generation \(hook.generation) could not be written, and its hooks wait"
        : "a hook of generation \(hook.generation) fails"
      return "\(what): \(hook.schedule.reason)"
    }
    return faults.compactMap(\.self)
  }

  private func status(
    _ subject: Subject, _ schedule: Schedule, _ work: Work, alsoBy others: [Work] = []
  ) -> SubjectStatus {
    let works = [work] + others
    let next =
      works.first { due[$0] != nil }.map { ($0, now) }
      ?? works.compactMap { work in upcoming[work].map { (work, $0) } }.min { $0.1 < $1.1 }
    return SubjectStatus(
      subject: subject, state: inventory.underWay.contains(work) ? .renewing : .ok,
      lastAttempt: schedule.lastAttempt, lastSuccess: schedule.lastSuccess, nextAttempt: next?.1,
      nextStep: next?.0.step, reason: "")
  }

  /// The identity that somebody has to put another one in place of; nil where certrotd does it, or another entry tells.
  private func identityToReplace(_ keystore: KeystoreSettings) -> IdentityState? {
    switch keystore.identity {
    case .selfSigned, .serviceKey: nil
    case .pem, nil: keystore.identityInForce(inventory, now: now)
    }
  }

  /// When another identity is due; `now` if it is.
  private func replacement(of identity: IdentityState, _ renewBefore: RenewBefore) -> Date {
    max(
      now,
      RenewalPoint.due(notBefore: identity.notBefore, notAfter: identity.notAfter, renewBefore: renewBefore))
  }
}

extension Work {
  /// What it is in a forecast; nil for what only tells.
  package var step: ForecastEntry.What? {
    switch self {
    case .probe: .refetch
    case .readServiceKey, .readIdentityFiles: .readFiles
    case .tendServiceKey: .renewIdentity
    case .renewSelfSigned: .renewIdentity
    case .adopt: .adopt
    case .write: .write
    case .runHook: .runHook
    case .confirm: .confirm
    case .alert, .withdrawAlert: nil
    }
  }

  /// Whether it makes an identity, rather than looks for one.
  fileprivate var renews: Bool {
    if case .renewSelfSigned = self { return true }
    return false
  }
}
