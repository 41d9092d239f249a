// SPDX-License-Identifier: Apache-2.0

extension KeyTable {
  package static let cloudFoundry = KeyGroup(
    "service-keys.NAME.from.cloud-foundry", "A service key that certrotd makes in Cloud Foundry and renews by itself.",
    [
      KeyDescription(
        "api", "`https://…`", default: nil, "The API of the region.", example: "https://api.cf.eu10.hana.ondemand.com"),
      KeyDescription(
        "org", "name", default: "any", "The organization of the space. Only beside `space`.", example: "acme"),
      KeyDescription(
        "space", "name", default: "any",
        "The space of the service instance; needed where several instances have its name.", example: "prod"),
      serviceInstance, keyName, adopt, preset, parameters, validity, keyLength,
      KeyDescription(
        "login", "mapping", default: nil, "How certrotd logs in. The user or client needs the role Space Developer.",
        example: "{user: {name: robot@acme.example, password-credential: robot}}"),
    ])

  package static let serviceManager = KeyGroup(
    "service-keys.NAME.from.service-manager",
    "A binding that certrotd makes through a Service Manager and renews by itself.",
    [
      KeyDescription(
        "binding-file", "credential", default: nil,
        "Holds the credentials of a binding of the Service Manager, plan `subaccount-admin`, as JSON.",
        example: "service-manager"),
      serviceInstance, keyName, adopt, preset, parameters, validity, keyLength,
    ])

  package static let login = KeyGroup(
    "service-keys.NAME.from.cloud-foundry.login", "Exactly one way to log in.",
    [
      KeyDescription(
        "user", "mapping", default: nil, "A technical user with a password.",
        example: "{name: robot@acme.example, password-credential: robot}"),
      KeyDescription(
        "user-certificate", "mapping", default: nil,
        "A technical user of an Identity Authentication tenant, who logs in with a client certificate.",
        example: "{name: robot, tenant: \"https://acme.accounts.ondemand.com\", certificate-credential: robot}"),
      KeyDescription(
        "client", "mapping", default: nil, "A client of the platform's own.",
        example: "{id: robot, secret-credential: robot}"),
    ])

  package static let userLogin = KeyGroup(
    "service-keys.NAME.from.cloud-foundry.login.user",
    "A refused password is not sent again before it changes, or twelve hours are over: the platform locks users.",
    [
      KeyDescription("name", "text", default: nil, "The user's name.", example: "robot@acme.example"),
      KeyDescription("password-credential", "credential", default: nil, "Holds the password.", example: "robot"),
      origin(default: "the platform's own"),
    ])

  package static let userCertificateLogin = KeyGroup(
    "service-keys.NAME.from.cloud-foundry.login.user-certificate", "The tenant gives a passcode for the certificate.",
    [
      KeyDescription("name", "text", default: nil, "The user's name.", example: "robot"),
      KeyDescription(
        "tenant", "`https://…`", default: nil, "The Identity Authentication tenant.",
        example: "https://acme.accounts.ondemand.com"),
      certificateCredential,
      origin(default: "the platform's own"),
    ])

  package static let clientLogin = KeyGroup(
    "service-keys.NAME.from.cloud-foundry.login.client", "A secret or a certificate, not both.",
    [
      KeyDescription("id", "text", default: nil, "The client's identifier.", example: "robot"),
      KeyDescription("secret-credential", "credential", default: nil, "Holds the client secret.", example: "robot"),
      certificateCredential,
    ])

  private static let serviceInstance = KeyDescription(
    "service-instance", "name or GUID", default: nil, "The service instance that the key belongs to.", example: "cpi")

  private static let keyName = KeyDescription(
    "key-name", "letters, digits, `-`, `_`, `.`; 17 at most", default: "the entry's name",
    "What the names of new keys begin with; a hyphen and the time follow.", example: "cpi-sender")

  private static let adopt = KeyDescription(
    "adopt", "name or GUID", default: "none",
    "A key that somebody made on the platform, with which certrotd begins instead of making one. From then on it is"
      + " certrotd's: it is replaced when it is due, and deleted after the overlap.",
    example: "cpi-sender-2026")

  private static let preset = KeyDescription(
    "preset", OfferingPreset.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "), default: "none",
    "The kind of service: fills in parameters, and where certificate and key stand. `xsuaa-reuse` is for services that"
      + " pass parameters below `xsuaa` on, such as the audit log.",
    example: "cloud-integration")

  private static let parameters = KeyDescription(
    "parameters", "mapping", default: "those of the preset",
    "Parameters of a new key; they are merged into those of the preset. Numbers and truth values in quotes are texts.",
    example: "{app-identifier: cpi}")

  private static let validity = KeyDescription(
    "validity", "duration of whole days",
    default: "30d; 365d for Cloud Integration and Service Manager, 90d for Cloud Logging",
    "How long new keys are valid. Only beside `preset`.", example: "20d")

  private static let keyLength = KeyDescription(
    "key-length", "2048, 4096, for some services 8192", default: "2048",
    "Bits of the RSA keys that the platform makes. Only beside `preset`.", example: "4096")

  private static let certificateCredential = KeyDescription(
    "certificate-credential", "credential", default: nil,
    "Holds the client certificate, its issuers and its unencrypted private key as PEM.", example: "robot")

  private static func origin(default defaultValue: String) -> KeyDescription {
    KeyDescription(
      "origin", "name", default: defaultValue, "The identity provider, as `cf login --origin` takes it.",
      example: "acme-platform")
  }
}
