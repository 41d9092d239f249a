// SPDX-License-Identifier: Apache-2.0

extension Event {
  /// The rows of the events about platforms and the keys on them.
  var platformDefinition: EventDefinition {
    switch self {
    case .keyDue:
      EventDefinition(
        "02d5b788dd804502bb516a628b4654c9", .notice, "A service key gets a new key on the platform",
        [.serviceKey, .reason], optional: [.notAfter])
    case .keyCreated:
      EventDefinition(
        "ea4fa815cfb04cab95e4ca276a9f47cd", .notice, "A key was created on the platform",
        [.serviceKey, .keyName, .keyGUID])
    case .keyAdopted:
      EventDefinition(
        "7ce9f440126a454590330c3f4d3f8a14", .notice, "A key that was on the platform already is used",
        [.serviceKey, .keyName, .keyGUID])
    case .keyVerified:
      EventDefinition(
        "a3d802da9a584e24b49d802b7bf4c313", .notice, "A new key passed all that was to be tried",
        [.serviceKey, .keyName])
    case .keyRefused:
      EventDefinition(
        "1396e6d832044a24bfeea779739ef3d4", .error, "A new key is not accepted", [.serviceKey, .keyName, .reason])
    case .keyRenewed:
      EventDefinition(
        "e6fc51bd0d574f69b517aabc468a3c0a", .notice, "A service key was renewed", [.serviceKey, .keyName, .notAfter],
        optional: [.fingerprint])
    case .keyOverlapEnded:
      EventDefinition(
        "8c8880a80c744f698757d3538e40d2d5", .notice, "The overlap with an old key is over", [.serviceKey, .keyGUID])
    case .keyDeleted:
      EventDefinition(
        "0478ef3d15b9480a93d692b905ed1680", .notice, "A key was deleted on the platform",
        [.serviceKey, .keyGUID, .reason])
    case .keyLost:
      EventDefinition(
        "8f2b6c1d94e74a3fb05d7ce1a6f23948", .error, "The platform no longer has a key in force",
        [.serviceKey, .keyName, .keyGUID, .reason])
    case .keyAttemptFailed:
      EventDefinition(
        "5d90e7a3c1b84f26a8e43b7f0c6d1e52", .info, "An attempt to renew a service key failed",
        [.serviceKey, .reason, .culprit, .attempts, .nextAttempt])
    case .keyOrphaned:
      EventDefinition(
        "4d6e7082cc644ecb804fc0a634abb726", .warning, "A key is left on the platform", [.serviceKey, .keyGUID, .reason])
    case .keyRenewalFailing:
      EventDefinition(
        "edf21b5242524edea05951c05e42d89c", .error, "The renewal of a service key keeps failing",
        [.serviceKey, .reason, .culprit, .since, .attempts, .nextAttempt], optional: [.notAfter, .remaining])
    case .platformUnavailable:
      EventDefinition(
        "b37ccaf83148448b863574c855a09327", .warning, "A platform does not answer as it should",
        [.serviceKey, .platform, .reason, .culprit])
    case .platformRecovered:
      EventDefinition(
        "c5099819fced47af9c2e467dae96e513", .notice, "A platform answers again",
        [.serviceKey, .platform, .reason, .since])
    case .loginFailing:
      EventDefinition(
        "2766c8578ce8406da9de1c96403b0202", .error, "A login on a platform is not accepted",
        [.serviceKey, .platform, .login, .reason, .culprit])
    case .loginRecovered:
      EventDefinition(
        "5b0d7cf3a1e94c6f8e2c9d4470a6b813", .notice, "A login on a platform is accepted again",
        [.serviceKey, .platform, .login, .reason, .since])
    case .loginExpiring:
      EventDefinition(
        "520c37ba154d4a0c85ce4e41f3d6ad76", .error, "The certificate of a login is about to end",
        [.serviceKey, .fingerprint, .notAfter, .reason, .remaining], optional: [.subject])
    default: preconditionFailure("\(self) is no event of a platform")
    }
  }
}
