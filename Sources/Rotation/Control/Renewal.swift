// SPDX-License-Identifier: Apache-2.0

import Control
import FoundationEssentials
import Host
import Journal
import Ledger
import Planning
import Settings

/// One renewal that an operator asked for: makes it due, tells what happens, and ends when nothing of it is left to do.
struct Renewal: Sendable {
  let context: RotationContext
  let keys: PlatformKeyControl
  let bell: Bell
  let scope: RenewalScope
  /// How long to wait for the end.
  var patience = Duration.seconds(15 * 60)

  /// - Parameters:
  ///   - now: also what is not due.
  ///   - tell: called for each step, in order; when it throws, nobody waits any longer, and what was begun goes on.
  /// - Returns: what came of it.
  /// - Throws: `CancellationError`, and what `tell` throws.
  func run(
    now: Bool, tell: @Sendable (ControlStep) async throws -> Void
  ) async throws -> ControlOutcome {
    let (news, post) = AsyncStream.makeStream(of: LandscapeNews.self, bufferingPolicy: .bufferingNewest(1024))
    defer { post.finish() }
    await context.landscape.add(post)
    let timer = Task { [patience] in
      try await Task.sleep(for: patience)
      post.yield(.patienceIsOver)
    }
    defer { timer.cancel() }
    await release(now: now)
    let platform = try await renewOnPlatform(now: now, post)
    defer { platform?.cancel() }
    bell.ring()
    post.yield(.changed)
    var course = Course(isOnPlatform: platform != nil)
    for await item in news {
      if let outcome = try await take(item, &course, tell) { return outcome }
    }
    throw CancellationError()
  }

  /// What is known so far.
  private struct Course {
    /// Whether the platform still makes a key.
    var isOnPlatform: Bool
    var begun: Set<Work> = []
    var renewed = false
    /// What was told since the last event: a job that is looked at a hundred times is one sentence.
    var said: Set<String> = []
  }

  /// The outcome, once there is one.
  private func take(
    _ item: LandscapeNews, _ course: inout Course, _ tell: @Sendable (ControlStep) async throws -> Void
  ) async throws -> ControlOutcome? {
    switch item {
    case .told(let subject, let event):
      guard scope.covers(subject) else { return nil }
      course.renewed = course.renewed || Self.renewing.contains(event.event)
      course.said = []
      try await tell(step(subject, event))
      return nil
    case .key(.step(let sentence)):
      if course.said.insert(sentence).inserted { try await tell(step(sentence)) }
      return nil
    // What it came to, an event has told, or the outcome does.
    case .key(.ended(let succeeded, let sentence)):
      guard succeeded else { return await failure(sentence) }
      course.isOnPlatform = false
      course.renewed = true
      return await settled(course)
    case .key(.resting(let until, let sentence)):
      return ControlOutcome(result: .underway, message: sentence, nextAttempt: until)
    case .changed:
      let (_, underWay) = await context.landscape.outstanding(of: scope, now: context.clock.now())
      for work in underWay.sorted(by: { $0.stepText < $1.stepText }) where course.begun.insert(work).inserted {
        try await tell(step(work))
      }
      return await settled(course)
    case .patienceIsOver:
      return ControlOutcome(
        result: .underway, message: "it is not finished yet and goes on: certrotd status tells how it stands")
    }
  }

  private func settled(_ course: Course) async -> ControlOutcome? {
    let (due, underWay) = await context.landscape.outstanding(of: scope, now: context.clock.now())
    guard !course.isOnPlatform, due.isEmpty, underWay.isEmpty else { return nil }
    return await outcome(renewed: course.renewed)
  }

  /// Has the platform make a key, where the service key comes from one, and passes on what is told of it.
  ///
  /// - Returns: nil when the platform has nothing to do.
  private func renewOnPlatform(
    now: Bool, _ post: AsyncStream<LandscapeNews>.Continuation
  ) async throws -> Task<Void, Never>? {
    guard let serviceKey = scope.serviceKey, serviceKey.source.file == nil else { return nil }
    do {
      let progress = try await keys.renew(serviceKey.name, now: now)
      return Task { for await step in progress { post.yield(.key(step)) } }
    } catch .notDue {
      return nil
    } catch {
      throw Fault(error)
    }
  }

  /// Ends every wait after a failure; with `now` also asks for what is not due.
  private func release(now: Bool) async {
    let reason = "an operator asked for it"
    if let serviceKey = scope.serviceKey, serviceKey.source.file != nil {
      await context.landscape.release([.readServiceKey(serviceKey.name)], because: reason)
    }
    let keystores = scope.configuration.keystores.map(\.name)
    await context.landscape.update { inventory in
      for name in keystores {
        inventory.keystores[name]?.identitySchedule.releaseIfFailing(because: reason)
        inventory.keystores[name]?.adoptionSchedule.releaseIfFailing(because: reason)
        inventory.keystores[name]?.writing.releaseIfFailing(because: reason)
      }
      for index in inventory.hooks.indices where keystores.contains(inventory.hooks[index].keystore) {
        inventory.hooks[index].schedule.releaseIfFailing(because: reason)
      }
    }
    let unconfirmed = ConfirmationPlanner.unconfirmed(scope.configuration, await context.landscape.inventory)
    await context.landscape.request(unconfirmed, because: reason)
    if now { await context.landscape.request(scope.atOnce, because: reason) }
  }

  private func outcome(renewed: Bool) async -> ControlOutcome {
    let now = context.clock.now()
    let inventory = await context.landscape.inventory
    let statuses = StatusReader.read(scope.configuration, inventory, now: now).subjects
    let sentences = statuses.map { "\($0.subject): \($0.reason)" }.joined(separator: "; ")
    let patient = statuses.filter { $0.state == .waiting && $0.window != nil }
    if let failed = statuses.first(where: { Self.bad.contains($0.state) && !patient.contains($0) }) {
      return ControlOutcome(
        result: .failed, message: "\(failed.subject): \(failed.reason)", nextAttempt: failed.nextAttempt)
    }
    // A file that was rejected is not read again before it changes, and so the status says nothing of it.
    if let name = scope.serviceKey?.name, await context.landscape.conditions[.readServiceKey(name)] != nil {
      let schedule = inventory.serviceKeys[name]?.schedule
      return ControlOutcome(
        result: .failed, message: "service key \(name) was rejected: \(schedule?.reason ?? "")",
        nextAttempt: schedule?.nextAttempt)
    }
    guard patient.isEmpty else {
      return ControlOutcome(
        result: .underway, message: sentences, nextAttempt: patient.compactMap(\.window?.until).min())
    }
    return ControlOutcome(
      result: renewed ? .renewed : .unchanged, message: sentences,
      nextAttempt: statuses.compactMap(\.nextAttempt).min())
  }

  private func failure(_ sentence: String) async -> ControlOutcome {
    let statuses = StatusReader.read(
      scope.configuration, await context.landscape.inventory, now: context.clock.now()
    ).subjects
    return ControlOutcome(
      result: .failed, message: sentence, nextAttempt: statuses.compactMap(\.nextAttempt).min())
  }

  private func step(_ sentence: String) -> ControlStep {
    ControlStep(
      at: context.clock.now(), kind: "service key", name: scope.serviceKey?.name ?? "", event: nil, message: sentence)
  }

  private func step(_ subject: LedgerSubject, _ event: Events.Raised) -> ControlStep {
    ControlStep(
      at: context.clock.now(), kind: subject.kind == .serviceKey ? "service key" : subject.kind.rawValue,
      name: subject.name, event: event.event.rawValue,
      message: event.message)
  }

  private func step(_ work: Work) -> ControlStep {
    let named = work.subject(among: []) ?? scope.keystore.map { Subject.keystore($0.name) }
    return ControlStep(
      at: context.clock.now(), kind: named?.kind ?? "", name: named?.name ?? "", event: nil, message: work.stepText)
  }

  /// After these something new is in force.
  private static let renewing: Set<Event> = [.keyAccepted, .identityRenewed, .keystoreWritten]
  /// States in which what was asked for is not there.
  private static let bad: Set<SubjectState> = [.failing, .expired, .waiting]
}

extension Schedule {
  /// Ends the wait after a failure; one that did not fail stays as it is.
  mutating func releaseIfFailing(because reason: String) {
    if failures > 0 { release(because: reason) }
  }
}

extension Work {
  /// What is being done, for a person who waits.
  fileprivate var stepText: String {
    switch self {
    case .probe(let name): "endpoint \(name) is asked for its chain"
    case .readServiceKey(let name): "service key \(name) is read"
    case .tendServiceKey(let name): "service key \(name) is looked after on the platform"
    case .readIdentityFiles(let name): "the certificate and the key of keystore \(name) are read"
    case .renewSelfSigned(let name): "keystore \(name) gets a new key and certificate"
    case .adopt(let name): "keystore \(name) takes over what a PSE of others holds"
    case .write(let name): "keystore \(name) is written"
    case .runHook: "a hook runs"
    case .confirm(let name): "the files of keystore \(name) are tried"
    case .alert: "an alert is raised"
    case .withdrawAlert: "an alert is withdrawn"
    }
  }
}
