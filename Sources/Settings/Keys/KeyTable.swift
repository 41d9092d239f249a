// SPDX-License-Identifier: Apache-2.0

/// Every key that the configuration knows.
///
/// The reader refuses what does not stand here, hints come from here, and a test compares the reference page
/// `Documentation/configuration.md` with it.
package enum KeyTable {
  /// In the order of the reference page.
  package static let all: [KeyGroup] = [
    root, defaults, endpoint, anchors, serviceKey, source, cloudFoundry, serviceManager, login, userLogin,
    userCertificateLogin, clientLogin, fields, request, keystore, identity, selfSigned, pemIdentity, adoption, trust,
    file, pse, sapgenpse, pem, pfx, caDirectory, javaTruststore, hook, confirm, confirmedRequest, served,
    changeWindow,
  ]

  /// Groups in which a key that is unknown elsewhere would be right.
  package static func groups(with key: String) -> [KeyGroup] {
    all.filter { $0.knows(key) }
  }

  package static let root = KeyGroup(
    "Top level", "What a file may hold. Entries of all files count as one list; names are unique over all files.",
    [
      KeyDescription(
        "defaults", "mapping", default: "none", "What entries inherit. May stand in one file only.",
        example: "{refetch-every: 12h}"),
      KeyDescription(
        "endpoints", "mapping of names", default: "none", "The TLS servers that are tracked.",
        example: "{s4hana: {url: https://my123456-api.s4hana.ondemand.com}}"),
      KeyDescription(
        "service-keys", "mapping of names", default: "none",
        "Credentials from the platform that carry a client certificate and its private key.",
        example: "{cpi-sender: {from: {file: /etc/certrotd/keys/cpi-sender.json}}}"),
      KeyDescription(
        "keystores", "mapping of names", default: "none", "The outputs: what is written, from what, and where to.",
        example: "{client: {trust: {endpoints: [s4hana]}, files: [{pse: {path: client.pse}}]}}"),
    ])

  package static let defaults = KeyGroup(
    "defaults", "What endpoints, service keys and keystores inherit when they do not say otherwise.",
    [
      KeyDescription(
        "refetch-every", "duration, 10s to 30d", default: "6h",
        "How often an endpoint's chain is fetched, jittered by a tenth.", example: "12h"),
      timeout,
      renewBefore,
      alertBefore,
      changeWindows,
      proxy(default: "none for endpoints; for service keys that of the environment"),
      proxyCredential,
      KeyDescription(
        "no-proxy", "list", default: "empty",
        "Hosts that are reached directly: `name` (and its subdomains), `.domain` or `*.domain` (only subdomains), an"
          + " address, a network, `*`; with `:port` behind, only that port.",
        example: "[corp.example, 10.0.0.0/8]"),
      KeyDescription(
        "keep-generations", "number, 2 to 100", default: "5",
        "How many generations of a keystore are kept, the current one included.", example: "10"),
      KeyDescription(
        "installation", "letters, digits, `-`, `_`, `.`; 63 at most", default: "the host's name",
        "The name of this installation in the labels of the keys that it makes on the platform. Two installations that"
          + " renew the same service key need different names.",
        example: "cpi-node-a"),
    ])

  static let timeout = KeyDescription(
    "timeout", "duration, 1s to 5m", default: "15s",
    "Limit for one whole probe; of it a third each for look-up and connection, two thirds for the handshake.",
    example: "30s")

  static let renewBefore = KeyDescription(
    "renew-before", "percentage, 1% to 90%, or duration, 1h to 3650d", default: "33%",
    """
    How long before the end of a certificate it is renewed: a part of its lifetime, or a time; a time of more than \
    90% of the lifetime counts as 33%.
    """, example: "20d")

  static let alertBefore = KeyDescription(
    "alert-before", "list of durations", default: "[30d, 14d, 7d, 3d, 1d]",
    """
    Remaining lifetimes at which an event is raised, whatever renewal does; for a server's own certificate only those \
    under a third of its lifetime. What lives too short for all of them is told of in its last tenth.
    """, example: "[21d, 7d, 1d]")

  static func proxy(default defaultValue: String) -> KeyDescription {
    KeyDescription(
      "proxy", "`http://host:port`, or `none`", default: defaultValue,
      "HTTP proxy that connections are tunnelled through with CONNECT.", example: "http://proxy.corp.example:3128")
  }

  static let proxyCredential = KeyDescription(
    "proxy-credential", "credential", default: "none",
    "Holds `user:password` for the proxy (basic authentication). Only beside `proxy`.", example: "corp-proxy")

  static let owner = KeyDescription(
    "owner", "account name or number", default: "the account of certrotd", "Who owns the file.", example: "abcadm")

  static let group = KeyDescription(
    "group", "group name or number", default: "the group of certrotd", "The group of the file.", example: "sapsys")

  static let mode = KeyDescription(
    "mode", "octal permission bits", default: "0640",
    "The permissions, in quotes. Only the owner may write; a file with a private key gives nothing to others.",
    example: "\"0600\"")

  static let path = KeyDescription(
    "path", "path", default: nil,
    "Where to write. A relative path lies in the keystore's own folder and changes with it as one.",
    example: "client.pse")
}
