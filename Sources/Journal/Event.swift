// SPDX-License-Identifier: Apache-2.0

/// Something an operator may act on.
///
/// The raw value is the event's stable name, which programs may filter by. What belongs to each event stands in one
/// table, `EventDefinition`; `systemd/certrotd.catalog` and `Documentation/events.md` explain the same events to people.
package enum Event: String, Sendable, CaseIterable, CustomStringConvertible {
  case started
  case stopping
  case failed
  case configurationRejected = "config.rejected"
  case configurationApplied = "config.applied"
  case configurationIncomplete = "config.incomplete"
  case endpointChainChanged = "endpoint.chain-changed"
  case endpointUnreachable = "endpoint.unreachable"
  case endpointUntrusted = "endpoint.untrusted"
  case endpointRecovered = "endpoint.recovered"
  case endpointDisagreement = "endpoint.disagreement"
  case certificateExpiring = "certificate.expiring"
  case certificateExpired = "certificate.expired"
  case keyAccepted = "key.accepted"
  case keyRejected = "key.rejected"
  case keyRecovered = "key.recovered"
  case keyDue = "key.due"
  case keyCreated = "key.created"
  case keyAdopted = "key.adopted"
  case keyVerified = "key.verified"
  case keyRefused = "key.refused"
  case keyRenewed = "key.renewed"
  case keyOverlapEnded = "key.overlap-ended"
  case keyDeleted = "key.deleted"
  case keyLost = "key.lost"
  case keyAttemptFailed = "key.attempt-failed"
  case keyOrphaned = "key.orphaned"
  case keyRenewalFailing = "key.renewal-failing"
  case platformUnavailable = "platform.unavailable"
  case platformRecovered = "platform.recovered"
  case loginFailing = "login.failing"
  case loginRecovered = "login.recovered"
  case loginExpiring = "login.expiring"
  case identityRenewed = "identity.renewed"
  case renewalFailing = "renewal.failing"
  case keystoreAdopted = "keystore.adopted"
  case keystoreWritten = "keystore.written"
  case keystoreFailed = "keystore.failed"
  case keystoreRolledBack = "keystore.rolled-back"
  case keystoreConfirmed = "keystore.confirmed"
  case keystoreUnconfirmed = "keystore.unconfirmed"
  case keystoreDamaged = "keystore.damaged"
  case keystoreTrustGap = "keystore.trust-gap"
  case keystoreWindowIgnored = "keystore.window-ignored"
  case bundleUnreadable = "bundle.unreadable"
  case credentialUnusable = "credential.unusable"
  case keystoreRecovered = "keystore.recovered"
  case hookFailed = "hook.failed"
  case hookRecovered = "hook.recovered"
  case ledgerDamaged = "ledger.damaged"
  case ledgerMissing = "ledger.missing"
  case clockChanged = "clock.changed"

  package var description: String { rawValue }

  /// The event's `MESSAGE_ID`, 128 bits as 32 lower-case hexadecimal digits, which never changes (sd-id128(3)).
  package var messageID: String { definition.messageID }

  /// How serious the event is.
  package var priority: EventPriority { definition.priority }

  /// What the event is called in front of a person.
  package var title: String { definition.title }

  /// The fields that the event always carries.
  package var fields: Set<EventField> { definition.fields }

  /// The fields that the event carries where they are known or apply.
  package var optionalFields: Set<EventField> { definition.optionalFields }
}
