// SPDX-License-Identifier: Apache-2.0

import Certificates
package import Planning
package import ServiceKeys

/// Carries out those actions of a rotation that ask the platform and nobody else.
///
/// Reading credentials, examining, verifying and delivering need the ledger and the keystores, and are done by whoever
/// runs the rotation.
package struct PlatformKeyActions: Sendable {
  private let platform: any KeyPlatform
  private let instance: PlatformInstance
  /// One JSON object, as text.
  private let parameters: String
  private let mark: KeyMark

  package init(_ platform: any KeyPlatform, instance: PlatformInstance, parameters: String, mark: KeyMark) {
    self.platform = platform
    self.instance = instance
    self.parameters = parameters
    self.mark = mark
  }

  /// Does it once.
  ///
  /// - Parameters:
  ///   - action: anything but `read`, `examine`, `verify` and `deliver`.
  ///   - givenUp: GUIDs of keys that the ledger says are of no use.
  ///   - successor: the key without which nothing is deleted; `vanished` comes of a deletion only with it.
  /// - Returns: what it came to; nil for an action that is somebody else's.
  package func perform(
    _ action: KeyAction, givenUp: Set<String> = [], besides successor: String? = nil
  ) async -> KeyOutcome? {
    do throws(PlatformFailure) {
      switch action {
      case .look, .find:
        return .listed(
          try await platform.keys(of: instance).map { ListedKey($0, isGivenUp: givenUp.contains($0.guid)) })
      case .create(let name):
        let request = KeyRequest(instance: instance, name: name, parameters: parameters, mark: mark)
        switch try await platform.requestKey(request) {
        case .underWay(let job): return .underWay(job: job)
        case .made(let guid): return .made(guid: guid)
        }
      case .follow(let job):
        switch try await platform.progress(of: job) {
        case .working(let guid): return .working(guid: guid)
        case .done(let guid): return .jobDone(guid: guid)
        case .failed(let guid, let words): return .jobFailed(guid: guid, words: words)
        }
      case .delete(let guid):
        if let successor {
          let keys = try await platform.keys(of: instance)
          guard keys.contains(where: { $0.guid == successor && $0.state == .ready }) else { return .successorGone }
          guard keys.contains(where: { $0.guid == guid }) else { return .vanished }
        }
        switch try await platform.deleteKey(guid) {
        case .underWay(let job): return .underWay(job: job)
        case .gone: return .deleted
        }
      case .read, .examine, .verify, .deliver: return nil
      }
    } catch {
      switch (action, error.kind) {
      case (.create, .nameTaken): return .nameTaken
      case (.follow, .missing): return .jobLost
      default: return .failed(KeyFailure(error))
      }
    }
  }
}

extension KeyFailure {
  /// What a failed call of the platform means for a rotation.
  ///
  /// How long a refused login rests is the login's affair, and only told: the rotation asks again by its own rhythm, so
  /// that a changed password is noticed.
  package init(_ failure: PlatformFailure) {
    let rests = failure.kind == .loginRefused || failure.kind == .tooManyLogins
    self.init(
      failure.words, culprit: failure.culprit.rawValue, retryAfter: rests ? nil : failure.retryAfter,
      mayHaveHappened: failure.mayHaveHappened,
      restsFor: failure.kind == .loginRefused ? failure.retryAfter : nil, kind: failure.kind.rawValue,
      wasHeldBack: failure.wasHeldBack, isBusy: failure.kind == .busy)
  }
}

extension ListedKey {
  package init(_ key: PlatformKey, isGivenUp: Bool) {
    let state: State =
      switch key.state {
      case .ready: .ready
      case .creating: .creating
      case .createFailed: .createFailed
      case .deleting: .deleting
      case .deleteFailed: .deleteFailed
      }
    self.init(
      guid: key.guid, name: key.name, state: state, createdAt: key.createdAt, installation: key.mark?.installation,
      base: key.mark?.base, isGivenUp: isGivenUp)
  }
}
