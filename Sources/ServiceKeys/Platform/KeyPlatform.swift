// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Host

/// Where service keys are made: Cloud Foundry, or a Service Manager.
///
/// Every call is one step that can be repeated, but for `requestKey`, after which a key of that name has to be looked for
/// when it fails with `mayHaveHappened`; and `credentials`, which leaves an audit record each time.
package protocol KeyPlatform: Sendable {
  /// Finds the one service instance that is meant.
  func instance(_ reference: InstanceReference) async throws(PlatformFailure) -> PlatformInstance

  /// All keys of an instance, ours and others', without their credentials.
  func keys(of instance: PlatformInstance) async throws(PlatformFailure) -> [PlatformKey]

  /// Asks for a new key.
  func requestKey(_ request: KeyRequest) async throws(PlatformFailure) -> KeyRequestAnswer

  /// Looks once how far a job is.
  ///
  /// - Throws: `missing` when the platform no longer knows the job.
  func progress(of job: String) async throws(PlatformFailure) -> JobProgress

  /// The credentials of a key that is complete, as JSON that `ServiceKeyReader` reads: `{"credentials": {…}}`.
  func credentials(of guid: String) async throws(PlatformFailure) -> SecretBytes

  /// Deletes a key, whose certificate is worthless from then on.
  func deleteKey(_ guid: String) async throws(PlatformFailure) -> KeyDeletionAnswer
}

/// How the configuration names a service instance.
package struct InstanceReference: Sendable, Hashable {
  /// A name, or a GUID.
  package var instance: String
  /// Where the name holds: names are unique within a space.
  ///
  /// Service Manager has neither.
  package var organization: String?
  package var space: String?

  package init(instance: String, organization: String? = nil, space: String? = nil) {
    self.instance = instance
    self.organization = organization
    self.space = space
  }

  /// Whether `instance` is a GUID (RFC 9562, section 4) rather than a name.
  package var isGUID: Bool {
    let parts = instance.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.count) == [8, 4, 4, 4, 12]
      && parts.joined().utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
  }
}

package struct PlatformInstance: Sendable, Hashable {
  package var guid: String
  package var name: String

  package init(guid: String, name: String) {
    self.guid = guid
    self.name = name
  }
}

/// A service key, or a binding of a Service Manager, as the platform lists it.
package struct PlatformKey: Sendable, Hashable {
  package enum State: String, Sendable, Codable {
    case ready
    case creating
    case createFailed = "create-failed"
    case deleting
    case deleteFailed = "delete-failed"
  }

  package var guid: String
  package var name: String
  package var state: State
  /// By the platform's clock; nil when it does not say.
  package var createdAt: Date?
  /// Whose it is, if certrotd made it.
  package var mark: KeyMark?

  package init(guid: String, name: String, state: State, createdAt: Date?, mark: KeyMark?) {
    self.guid = guid
    self.name = name
    self.state = state
    self.createdAt = createdAt
    self.mark = mark
  }
}

/// A key that shall be made.
package struct KeyRequest: Sendable, Hashable {
  package var instance: PlatformInstance
  package var name: String
  /// One JSON object, as text.
  package var parameters: String
  package var mark: KeyMark

  package init(instance: PlatformInstance, name: String, parameters: String, mark: KeyMark) {
    self.instance = instance
    self.name = name
    self.parameters = parameters
    self.mark = mark
  }
}

package enum KeyRequestAnswer: Sendable, Hashable {
  /// The platform works on it; the address tells how far it is.
  case underWay(job: String)
  case made(guid: String)
}

package enum KeyDeletionAnswer: Sendable, Hashable {
  case underWay(job: String)
  /// It is gone, or was gone before.
  case gone
}

package enum JobProgress: Sendable, Hashable {
  /// The key's GUID where the platform tells it already.
  case working(guid: String?)
  /// Done: the GUID of the key that was made; nil for a deletion.
  case done(guid: String?)
  /// Failed for good; the words are filtered.
  case failed(guid: String?, words: String)
}
