// SPDX-License-Identifier: Apache-2.0

extension KeyTable {
  package static let endpoint = KeyGroup(
    "endpoints.NAME", "A TLS server that is tracked.",
    [
      KeyDescription(
        "url", "`https://host[:port]`, `wss://host[:port]` or `host[:port]`", default: nil,
        "The server; port 443 unless given. A path behind it is ignored, and `wss` (WebSocket RFC) means the same as `https`.",
        example: "https://my123456-api.s4hana.ondemand.com"),
      KeyDescription(
        "anchors", "`system`, or a mapping", default: "system",
        "What the server's chain is verified against: the system store, a bundle, or pins.",
        example: "{bundle: /etc/certrotd/roots.pem}"),
      KeyDescription(
        "server-name", "host name or address", default: "the host of `url`",
        "The name that is sent (SNI) and verified.", example: "api.example"),
      KeyDescription(
        "connect-to", "`host[:port]`", default: "the host and port of `url`",
        "Where to connect to instead; what is verified stays the same.", example: "192.0.2.7:8443"),
      KeyDescription(
        "every-address", "`true` or `false`", default: "false",
        "Probes every address that the name resolves to, and reports when their chains disagree.", example: "true"),
      timeout.inherited,
      KeyDescription(
        "refetch-every", "duration, 10s to 30d", default: "from `defaults`",
        "How often the chain is fetched, jittered by a tenth.", example: "1h"),
      proxy(default: "from `defaults`"),
      proxyCredential,
    ])

  package static let anchors = KeyGroup(
    "endpoints.NAME.anchors", "Where it is not `system`: exactly one of these.",
    [
      KeyDescription(
        "bundle", "absolute path", default: "none", "A PEM, DER or PKCS #7 file, or a folder of such files.",
        example: "/etc/certrotd/roots.pem"),
      KeyDescription(
        "pins", "list of `sha256:…`", default: "none",
        "SHA-256 fingerprints of certificates of which one must be in the path.",
        example: "[\"sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\"]"),
    ])
}

extension KeyDescription {
  /// The same key where its default value comes from `defaults`.
  var inherited: KeyDescription {
    var copy = self
    copy.defaultValue = "from `defaults`"
    return copy
  }
}
