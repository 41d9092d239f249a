// SPDX-License-Identifier: Apache-2.0

extension KeyTable {
  package static let serviceKey = KeyGroup(
    "service-keys.NAME", "Credentials from the platform that carry a client certificate and its private key.",
    [
      KeyDescription(
        "from", "mapping", default: nil, "Where the service key comes from.",
        example: "{file: /etc/certrotd/keys/cpi-sender.json}"),
      KeyDescription(
        "verify", "`token`, `none`, or a mapping", default: "token",
        "How a new service key is tried before it is used: with a token from the key's own token endpoint, with a"
          + " request, or not at all.",
        example: "{request: \"https://cpi.example/http/ping\", method: HEAD}"),
      KeyDescription(
        "verify-patience", "duration, 0s to 1d", default: "15m",
        "How long a new key that the platform does not accept is tried again before another one is made, or, where it was"
          + " dropped in as a file, before `key.rejected` says so: a new key is not known everywhere at once.",
        example: "30m"),
      KeyDescription(
        "replace", "`create-first` or `delete-first`", default: "create-first",
        "`delete-first` is for services that allow one certificate key at a time: the key in force stops working before"
          + " there is a new one. Not for a file.",
        example: "create-first"),
      KeyDescription(
        "overlap", "duration", default: "48h", "How long the old service key stays valid beside the new one.",
        example: "72h"),
      renewBefore.inherited,
      alertBefore.inherited,
      KeyDescription(
        "passphrase-credential", "credential", default: "none", "Passphrase of an encrypted private key.",
        example: "cpi-sender-passphrase"),
      KeyDescription(
        "fields", "mapping", default: "found by shape",
        "Where certificate and private key stand in the JSON, when no known shape fits.",
        example: "{certificate: ingest.cert, key: ingest.key}"),
      proxy(default: "from `defaults`"),
      proxyCredential,
    ])

  package static let source = KeyGroup(
    "service-keys.NAME.from", "Exactly one source.",
    [
      KeyDescription(
        "file", "absolute path", default: nil,
        "A downloaded service key, dropped in by hand. It need not exist yet; a new one is noticed at once.",
        example: "/etc/certrotd/keys/cpi-sender.json"),
      KeyDescription(
        "cloud-foundry", "mapping", default: nil, "Made and renewed through the API of Cloud Foundry.",
        example: "{api: \"https://api.cf.eu10.hana.ondemand.com\", service-instance: cpi, preset: cloud-integration, "
          + "login: {client: {id: robot, secret-credential: robot}}}"),
      KeyDescription(
        "service-manager", "mapping", default: nil, "Made and renewed through the API of a Service Manager.",
        example: "{binding-file: service-manager, service-instance: cpi, preset: cloud-integration}"),
    ])

  package static let fields = KeyGroup(
    "service-keys.NAME.fields",
    "Dotted paths into the JSON, from its root, which for keys of Cloud Foundry holds `credentials`; elements of lists are"
      + " numbered from 0.",
    [
      KeyDescription(
        "certificate", "dotted path", default: nil, "The client certificate, maybe with its issuers, as PEM.",
        example: "credentials.messaging.0.oa2.certificate"),
      KeyDescription(
        "key", "dotted path", default: nil, "The private key as PEM.", example: "credentials.messaging.0.oa2.key"),
    ])

  package static let request = KeyGroup(
    "service-keys.NAME.verify",
    "Where it is neither `token` nor `none`: one request with the client certificate and without a body. The status of its"
      + " answer decides, and what comes behind it is not read.",
    [
      KeyDescription(
        "request", "`https://…`", default: nil,
        "The address that is called with the new certificate before it is used.",
        example: "https://cpi.example/http/ping"),
      KeyDescription(
        "method", VerifySettings.Method.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "), default: "HEAD",
        "The method of the request. `HEAD` and `GET` carry `X-CSRF-Token: Fetch`, upon which SAP Cloud Integration answers"
          + " without running the integration flow; every other method runs what it addresses, at each attempt.",
        example: "GET"),
    ])
}
