// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

/// `confirm` of a keystore.
struct ConfirmTests {
  private static func yaml(
    _ confirm: String, identity: String = "{service-key: s}", trust: String = "[e, f]",
    files: String = "{pse: {path: k.pse}}"
  ) -> String {
    """
    endpoints: {e: {url: e.example}, f: {url: f.example}, g: {url: g.example}}
    service-keys: {s: {from: {file: /etc/certrotd/keys/cpi-sender.json}}}
    keystores:
      k:
        identity: \(identity)
        trust: {endpoints: \(trust)}
        files: [\(files)]
        confirm: \(confirm)
    """
  }

  private static func confirm(_ text: String) throws -> ConfirmSettings {
    try #require(read(yaml(text)).configuration?.keystores.first?.confirm)
  }

  @Test func `everything that may stand there is read`() throws {
    #expect(try Self.confirm("{endpoints: all}") == ConfirmSettings(patience: .seconds(300), endpoints: ["e", "f"]))
    let whole = try Self.confirm(
      """
      {patience: 90s, endpoints: [f, f], identity: {request: "https://x.example/ping"},
        served: ["localhost:44300", {address: "[::1]:8443", server-name: sap.example}, web.example]}
      """)
    #expect(
      whole
        == ConfirmSettings(
          patience: .seconds(90), endpoints: ["f"],
          identity: .request(url: "https://x.example/ping", method: .head),
          served: [
            ServedPlace(address: HostAndPort(host: "localhost", port: 44300)),
            ServedPlace(address: HostAndPort(host: "::1", port: 8443), serverName: "sap.example"),
            ServedPlace(address: HostAndPort(host: "web.example", port: 443)),
          ]))
    #expect(
      try Self.confirm("{identity: token, served: localhost}")
        == ConfirmSettings(identity: .token, served: [ServedPlace(address: HostAndPort(host: "localhost", port: 443))]))
  }

  @Test(arguments: [
    (yaml("{}"), "8:14: error: keystores.k.confirm: names nothing to try"),
    (yaml("{patience: 1m}"), "8:14: error: keystores.k.confirm: names nothing to try"),
    (yaml("all"), "8:14: error: keystores.k.confirm: must be a mapping"),
    (yaml("{endpoints: all, patience: 0s}"), "patience: must be between 1s and 1d, not 0s"),
    (yaml("{endpoints: all, patience: 25h}"), "patience: must be between 1s and 1d, not 25h"),
    (yaml("{endpoint: all}"), "unknown key 'endpoint'; did you mean 'endpoints'?"),
    (yaml("{endpoints: [h]}"), "8:27: error: keystores.k.confirm.endpoints[0]: there is no endpoint 'h'"),
    (
      yaml("{endpoints: [e, g]}"),
      "8:30: error: keystores.k.confirm.endpoints[1]: the keystore does not trust endpoint 'g'"
    ),
    (yaml("{endpoints: e}"), "must be all, or a list of names, not 'e'; write [e]"),
    (yaml("{endpoints: []}"), "must not be empty"),
    (
      yaml("{endpoints: all}", files: "{pfx: {path: k.pfx, empty-password: true}}"),
      "none of the files holds a trust list"
    ),
    (yaml("{identity: tokn}"), "must be token, or a mapping, not 'tokn'"),
    (
      yaml("{identity: token}", identity: "{self-signed: {subject: CN=a}}"), "only a service key names a token endpoint"
    ),
    (yaml("{identity: token}", identity: "none"), "the files hold no private key"),
    (yaml("{identity: {request: \"http://x\"}}"), "must be a URL that begins with https://"),
    (yaml("{identity: {request: \"https://x.example\"}}", files: "{pem: {certificate: c}}"), "hold no private key"),
    (
      yaml("{served: localhost}", identity: "none"),
      "8:23: error: keystores.k.confirm.served: has nothing to compare with"
    ),
    (yaml("{served: localhost}", files: "{ca-directory: {path: c}}"), "the files hold no certificate"),
    (yaml("{served: []}"), "must not be empty"),
    (yaml("{served: [{server-name: x.example}]}"), "the key 'address' is missing"),
    (yaml("{served: \"localhost:0\"}"), "is no port"),
    (yaml("{served: \"https://localhost\"}"), "the scheme 'https' is not supported here"),
  ])
  func `a mistake is told with its place`(yaml: String, expected: String) {
    let found = mistakes(yaml)
    #expect(found.count == 1 && found.first?.contains(expected) == true, "\(found)")
  }

  @Test func `a key without a token endpoint gives no token`() {
    let yaml = """
      service-keys:
        s: {from: {cloud-foundry: {api: "https://api.example", service-instance: i, preset: cloud-logging, login: {client: {id: a, secret-credential: b}}}}, verify: none}
      keystores:
        k: {identity: {service-key: s}, files: [{pse: {path: k.pse}}], confirm: {identity: token}}
      """
    let found = mistakes(yaml)
    #expect(
      found.count == 1 && found.first?.contains("keys of cloud-logging have no token endpoint") == true, "\(found)")
  }
}
