// SPDX-License-Identifier: Apache-2.0

/// A field that an event carries, named as in log metadata; the journal has it as `CERTROTD_` and the name in capitals.
package enum EventField: String, Sendable, CaseIterable {
  /// Network addresses, comma separated, as numbers.
  case addresses
  /// How often it was tried in a row, a decimal number.
  case attempts
  /// Who is at fault: configuration, server, network, platform, host or certrotd.
  case culprit
  /// The name of an endpoint.
  case endpoint
  /// SHA-256 of the certificate in question, 64 lower-case hexadecimal digits.
  case fingerprint
  /// The number of a keystore's generation, decimal.
  case generation
  /// The argument vector of a hook, in one line.
  case hook
  /// The GUID of a key on the platform.
  case keyGUID = "key-guid"
  /// The name of a key on the platform.
  case keyName = "key-name"
  /// The name of a keystore.
  case keystore
  /// Who logs in to a platform: a user, a client, or the name of a credential.
  case login
  /// How many mistakes were found, a decimal number.
  case mistakes
  /// When it is tried again, ISO 8601 in UTC.
  case nextAttempt = "next-attempt"
  /// When the certificate ends, ISO 8601 in UTC.
  case notAfter = "not-after"
  /// By how much the wall clock moved, in seconds, negative when it went back.
  case offset
  /// The copy of a file that is kept as it was.
  case original
  /// The file or folder in question.
  case path
  /// The address of a platform, or which Service Manager it is.
  case platform
  /// SHA-256 of the certificate that was in its place before.
  case previousFingerprint = "previous-fingerprint"
  /// The generation that was in force before.
  case previousGeneration = "previous-generation"
  /// Why, for an operator, in one line without a full stop.
  case reason
  /// Seconds until the certificate ends, negative when it has ended.
  case remaining
  /// The name of a service key.
  case serviceKey = "service-key"
  /// Since when it lasts, ISO 8601 in UTC.
  case since
  /// The subject of the certificate in question.
  case subject
  /// The version of certrotd.
  case version

  /// The name of the field in the journal, such as `CERTROTD_NOT_AFTER`.
  package var journalName: String {
    JournalField.name(forMetadataKey: rawValue)
  }
}
