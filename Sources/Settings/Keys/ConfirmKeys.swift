// SPDX-License-Identifier: Apache-2.0

extension KeyTable {
  package static let confirm = KeyGroup(
    "keystores.NAME.confirm",
    """
    What is tried after the files are in force and each hook was tried: at least one of `endpoints`, `identity` and \
    `served`. Files that are refused for as long as `patience` make room for the generation before them.
    """,
    [
      KeyDescription(
        "patience", "duration, 1s to 1d", default: "5m",
        "How long files that are refused are tried again, from when each hook was tried.", example: "10m"),
      KeyDescription(
        "endpoints", "`all`, or a list of names", default: "none",
        "Endpoints under `trust` whose chains the delivered trust list has to verify, with nothing else to go by.",
        example: "[s4hana]"),
      KeyDescription(
        "identity", "`token`, or a mapping", default: "not tried",
        "How the delivered certificate and key are tried, as `verify` of a service key does it; `token` is for the identity"
          + " of a service key.",
        example: "{request: \"https://cpi.example/http/ping\", method: HEAD}"),
      KeyDescription(
        "served", "`host:port`, a mapping, or a list of these", default: "none",
        "TLS servers that have to present the delivered certificate, port 443 unless named.",
        example: "[\"localhost:44300\"]"),
    ])

  package static let confirmedRequest = KeyGroup(
    "keystores.NAME.confirm.identity",
    "Where it is not `token`: one request with the delivered certificate. The status of its answer decides.",
    [
      KeyDescription(
        "request", "`https://…`", default: nil, "The address that is called.",
        example: "https://cpi.example/http/ping"),
      KeyDescription("method", "`HEAD` or `GET`", default: "HEAD", "The method of the request.", example: "GET"),
    ])

  package static let served = KeyGroup(
    "keystores.NAME.confirm.served[]", "One server. Instead of this mapping its address may stand alone.",
    [
      KeyDescription(
        "address", "`host:port`", default: nil, "Where to connect.", example: "\"localhost:44300\""),
      KeyDescription(
        "server-name", "host name", default: "the host of `address`",
        "The name to ask for, where one server has several certificates.", example: "sap.example"),
    ])
}
