// SPDX-License-Identifier: Apache-2.0

/// What belongs to an event; one row for each case of `Event`.
struct EventDefinition {
  let messageID: String
  let priority: EventPriority
  let title: String
  let fields: Set<EventField>
  let optionalFields: Set<EventField>

  init(
    _ messageID: String, _ priority: EventPriority, _ title: String, _ fields: Set<EventField>,
    optional: Set<EventField> = []
  ) {
    self.messageID = messageID
    self.priority = priority
    self.title = title
    self.fields = fields
    self.optionalFields = optional
  }
}

extension Event {
  var definition: EventDefinition {
    switch self {
    case .started:
      EventDefinition("99dc777ea0854799806b9a0240578115", .info, "certrotd has started", [.version, .path])
    case .stopping:
      EventDefinition("b803971a3e6146e4a9664775c68ded1c", .info, "certrotd is stopping", [.reason])
    case .failed:
      EventDefinition(
        "765c81cecfc446c8b823fd357c0b29d2", .critical, "certrotd cannot go on", [.reason, .culprit, .path])
    case .configurationRejected:
      EventDefinition(
        "32627bd573a240e3b4ff31762b617a20", .error, "The configuration was rejected",
        [.path, .reason, .mistakes, .culprit])
    case .configurationApplied:
      EventDefinition("c37ea2cf51614471b66807711005ef90", .info, "The configuration is in force", [.path, .reason])
    case .configurationIncomplete:
      EventDefinition(
        "8e0b6d3f4c5a47f29d1be27c60a9f135", .error, "Files that the configuration names are missing",
        [.path, .reason, .mistakes, .culprit])
    case .endpointChainChanged:
      EventDefinition(
        "29ea5c473d384b9986ab81d3747f2ae6", .notice, "The chain of an endpoint changed",
        [.endpoint, .fingerprint, .notAfter, .reason], optional: [.previousFingerprint, .subject])
    case .endpointUnreachable:
      EventDefinition(
        "baf0bdbc4cf04d33bb2f082f03c0cf40", .warning, "An endpoint cannot be reached",
        [.endpoint, .reason, .culprit], optional: [.attempts, .nextAttempt])
    case .endpointUntrusted:
      EventDefinition(
        "0d370918b0fc4e51bdcc1efe710e54ee", .error, "The chain of an endpoint is not trusted",
        [.endpoint, .reason, .culprit], optional: [.fingerprint, .nextAttempt, .notAfter, .subject])
    case .endpointRecovered:
      EventDefinition(
        "31aa0bd1885d48f3b21bdd63c3c1b441", .notice, "An endpoint is in order again",
        [.endpoint, .reason], optional: [.fingerprint, .notAfter])
    case .endpointDisagreement:
      EventDefinition(
        "726a03bcfe5341aa991cf12c33e9ad94", .warning, "The addresses of an endpoint send different chains",
        [.endpoint, .reason], optional: [.addresses])
    case .certificateExpiring:
      EventDefinition(
        "ffd0fdec837d4e689e7865c30d9746b5", .warning, "A certificate is about to end",
        [.fingerprint, .notAfter, .reason, .remaining], optional: [.endpoint, .keystore, .serviceKey, .subject])
    case .certificateExpired:
      EventDefinition(
        "5d589b5173db49f6bc7eb610d4263f39", .critical, "A certificate has ended",
        [.fingerprint, .notAfter, .reason, .remaining], optional: [.endpoint, .keystore, .serviceKey, .subject])
    case .keyAccepted:
      EventDefinition(
        "74329ae984184ed992a8be1754d788b1", .notice, "A service key was accepted",
        [.serviceKey, .fingerprint, .notAfter, .path], optional: [.previousFingerprint, .subject])
    case .keyRejected:
      EventDefinition(
        "a5ac4bed776742adb1d2d7f215807087", .error, "A service key was rejected",
        [.serviceKey, .path, .reason, .culprit])
    case .keyRecovered:
      EventDefinition(
        "fc75efce5c05471e94e79f7f9a58f526", .notice, "A service key is in order again", [.serviceKey, .reason])
    case .keyDue, .keyCreated, .keyAdopted, .keyVerified, .keyRefused, .keyRenewed, .keyOverlapEnded, .keyDeleted,
      .keyLost, .keyAttemptFailed, .keyOrphaned, .keyRenewalFailing, .platformUnavailable, .platformRecovered,
      .loginFailing, .loginRecovered,
      .loginExpiring:
      platformDefinition
    case .identityRenewed:
      EventDefinition(
        "58aa2808c2ed4225a69caaf769f24439", .notice, "An identity was renewed",
        [.keystore, .fingerprint, .notAfter, .reason], optional: [.previousFingerprint, .subject])
    case .renewalFailing:
      EventDefinition(
        "591b3191c08a4478bf1a651601597ed4", .error, "A renewal keeps failing",
        [.reason, .culprit],
        optional: [.attempts, .endpoint, .keystore, .nextAttempt, .notAfter, .remaining, .serviceKey])
    case .keystoreAdopted:
      EventDefinition(
        "d878174208414558901895b57600deba", .notice, "A keystore has taken over a PSE",
        [.keystore, .original, .path], optional: [.fingerprint, .notAfter, .subject])
    case .keystoreWritten:
      EventDefinition(
        "03c244bbcec44a5fb5649644150ebc8b", .notice, "A keystore was written",
        [.keystore, .generation, .reason], optional: [.fingerprint, .notAfter, .previousGeneration])
    case .keystoreFailed:
      EventDefinition(
        "d1f853bdf60c4e5b8b13ccd7eb92674d", .error, "A keystore could not be written",
        [.keystore, .reason, .culprit], optional: [.attempts, .nextAttempt, .path])
    case .keystoreRolledBack:
      EventDefinition(
        "3191926d99a24f24827c20f10047afef", .warning, "A keystore went to another generation",
        [.keystore, .generation, .previousGeneration, .reason], optional: [.culprit])
    case .keystoreConfirmed:
      EventDefinition(
        "1a08385970ff40b29eff4b11f21d95a7", .notice, "The files of a keystore are confirmed",
        [.keystore, .generation, .reason])
    case .keystoreUnconfirmed:
      EventDefinition(
        "ec2310d6e9bc443b9a8d141f9924e0bd", .error, "The files of a keystore are not confirmed",
        [.keystore, .generation, .reason, .culprit], optional: [.nextAttempt, .since])
    case .keystoreDamaged:
      EventDefinition(
        "266ad919f3c544cda53a1361166c455e", .warning, "Files of a keystore were changed by someone else",
        [.keystore, .path, .reason], optional: [.generation])
    case .keystoreTrustGap:
      EventDefinition(
        "5c6105e4df4649fe86bf7bef53cfeed8", .error, "A trust list does not verify an endpoint",
        [.keystore, .endpoint, .reason, .culprit], optional: [.generation, .subject])
    case .keystoreWindowIgnored:
      EventDefinition(
        "b07261ef37d64f7b84418c505a87a351", .warning, "A keystore was written outside its change window",
        [.keystore, .generation, .notAfter, .reason])
    case .bundleUnreadable:
      EventDefinition(
        "58d1b84b3c0e4f0f9a4c0d7be5a86c11", .error, "A bundle of a keystore cannot be read",
        [.keystore, .path, .reason, .culprit])
    case .credentialUnusable:
      EventDefinition(
        "2088e1a40e78469d95365c14ad437558", .error, "A credential of a keystore cannot be used",
        [.keystore, .reason, .culprit])
    case .keystoreRecovered:
      EventDefinition(
        "7ea5cb45e1d44bd6aebf21c169032d09", .notice, "A keystore is in order again",
        [.keystore, .reason], optional: [.endpoint, .generation])
    case .hookFailed:
      EventDefinition(
        "8a58b412c80a4b9ca01ce362115d320c", .error, "A hook failed",
        [.keystore, .hook, .reason], optional: [.attempts, .generation, .nextAttempt])
    case .hookRecovered:
      EventDefinition(
        "7fc7a561101848db8d50db87debd08d2", .notice, "A hook succeeded after failing",
        [.keystore, .hook], optional: [.generation])
    case .ledgerDamaged:
      EventDefinition(
        "e32a7a20d988456cab72373137f87164", .critical, "The ledger was damaged and set aside", [.path, .reason])
    case .ledgerMissing:
      EventDefinition("14f0f4a43ce94942964b910444655004", .critical, "The ledger is gone", [.path, .reason])
    case .clockChanged:
      EventDefinition(
        "9d48e8fcfe104c5e82367af89b595788", .notice, "The wall clock was changed", [.reason], optional: [.offset])
    }
  }
}
