// SPDX-License-Identifier: Apache-2.0

extension KeyTable {
  package static let keystore = KeyGroup(
    "keystores.NAME", "An output: one identity or none, a trust list, and the files to write.",
    [
      KeyDescription(
        "identity", "mapping, or `none`", default: "none", "The certificate and private key that the files carry.",
        example: "{service-key: cpi-sender}"),
      KeyDescription(
        "adopt", "absolute path, or mapping", default: "nothing",
        "A PSE that exists already: what it holds is taken over once, and kept from then on.",
        example: "/usr/sap/ABC/D00/sec/SAPSSLC.pse"),
      KeyDescription(
        "trust", "mapping", default: "nothing", "The certificates that the files trust.",
        example: "{endpoints: [s4hana]}"),
      KeyDescription(
        "overlap", "duration", default: "30d",
        "How long an old trust anchor stays beside the new one after a chain changed; at least for three times the endpoint's `refetch-every`.",
        example: "60d"),
      KeyDescription(
        "files", "list of mappings", default: nil, "What to write; each element has one format.",
        example: "[{pse: {path: client.pse}}]"),
      KeyDescription(
        "after-change", "list", default: "empty",
        "Programs to run after the files changed, in order: a list of arguments, or a mapping.",
        example:
          "[[/usr/local/bin/restart-consumer, client], {run: [/usr/local/bin/tell-strust, --quiet], deadline: 2m}]"),
      KeyDescription(
        "confirm", "mapping", default: "not tried",
        "What has to work once the files are in force; otherwise the generation before comes back.",
        example: "{endpoints: all}"),
      renewBefore.inherited,
      alertBefore.inherited,
      changeWindows.inherited,
    ])

  package static let identity = KeyGroup(
    "keystores.NAME.identity", "Exactly one of these.",
    [
      KeyDescription(
        "self-signed", "mapping", default: "none", "A key and a certificate that certrotd makes itself.",
        example: "{subject: \"CN=host.example, O=TS, C=DE\"}"),
      KeyDescription(
        "service-key", "name", default: "none", "The service key of this name.", example: "cpi-sender"),
      KeyDescription(
        "pem", "mapping", default: "none", "PEM files that something else maintains.",
        example: "{certificate: /etc/ssl/client.pem, key: /etc/ssl/client.key}"),
    ])

  package static let selfSigned = KeyGroup(
    "keystores.NAME.identity.self-signed", "A certificate that is signed with the key that it certifies.",
    [
      KeyDescription(
        "subject", "distinguished name", default: nil, "Subject and issuer of the certificate.",
        example: "\"CN=host.example, O=TS, C=DE\""),
      KeyDescription(
        "valid-for", "duration, 1d to 30 years", default: "825d", "The lifetime of the certificate.", example: "365d"),
      KeyDescription(
        "key-bits", "2048, 3072 or 4096", default: "2048", "The length of the RSA key.", example: "3072"),
    ])

  package static let pemIdentity = KeyGroup(
    "keystores.NAME.identity.pem", "Both files must exist.",
    [
      KeyDescription(
        "certificate", "absolute path", default: nil, "The certificate, maybe with its issuers.",
        example: "/etc/ssl/client.pem"),
      KeyDescription("key", "absolute path", default: nil, "The private key.", example: "/etc/ssl/client.key"),
      KeyDescription(
        "passphrase-credential", "credential", default: "none", "Passphrase of an encrypted private key.",
        example: "client-passphrase"),
    ])

  package static let adoption = KeyGroup(
    "keystores.NAME.adopt", "The PSE that a keystore starts from. A path alone stands for `file`.",
    [
      KeyDescription(
        "file", "absolute path", default: nil,
        "The PSE. It may be the file that the keystore writes, and need not be there once it was taken over.",
        example: "/usr/sap/ABC/D00/sec/SAPSSLC.pse"),
      KeyDescription(
        "pin-credential", "credential", default: "no PIN",
        "The PIN of the PSE, and of every `pse` that is made from it.", example: "old-pse"),
      KeyDescription(
        "without", "list of SHA-256 fingerprints", default: "empty",
        "Certificates that are not wanted any more: those of its trust list leave after `overlap`, those beside its chain at once.",
        example: "[\"sha256:cb3ccbb76031e5e0138f8dd39a23f9de47ffc35e43c1144cea27d46a5ab1cb5f\"]"),
    ])

  package static let trust = KeyGroup(
    "keystores.NAME.trust", "What the files trust: the sum of all that is named.",
    [
      KeyDescription(
        "endpoints", "list of names", default: "empty", "Endpoints whose verified paths are trusted.",
        example: "[s4hana]"),
      KeyDescription(
        "bundles", "list of absolute paths", default: "empty", "Files or folders that are trusted as they are.",
        example: "[/etc/certrotd/roots.pem]"),
      KeyDescription(
        "include", "list of `roots`, `issuers`, `leaf`", default: "[roots, issuers]",
        "Which certificates of an endpoint's path are taken.", example: "[roots]"),
    ])

  static let changeWindows = KeyDescription(
    "change-window", "mapping, list of such, or `none`", default: "none",
    """
    When files of keystores may change. What happens outside of it: the first generation, repair of damaged files, what a \
    server presents already and the trust list lacks, and what would come too late otherwise.
    """, example: "{days: [sat, sun], from: \"22:00\", to: \"04:00\", time-zone: Europe/Berlin}")

  package static let changeWindow = KeyGroup(
    "keystores.NAME.change-window", "Some hours of some days. Instead of this mapping a list of such may stand there.",
    [
      KeyDescription(
        "days", "list of days, or of spans of days", default: "every day",
        "The days on which it begins: `mon` to `sun`, or spans such as `mon-fri`.", example: "[sat, sun]"),
      KeyDescription(
        "from", "time of day, 00:00 to 23:59", default: nil, "When it begins.", example: "\"22:00\""),
      KeyDescription(
        "to", "time of day, 00:00 to 24:00", default: nil,
        "When it ends; on the next day where that is not later than `from`. At least 5 minutes lie between.",
        example: "\"04:00\""),
      KeyDescription(
        "time-zone", "IANA name", default: "UTC", "The time zone in which days and hours are meant.",
        example: "Europe/Berlin"),
    ])

  package static let hook = KeyGroup(
    "keystores.NAME.after-change[]", "One program. Instead of this mapping its arguments may stand alone as a list.",
    [
      KeyDescription(
        "run", "list", default: nil, "The absolute path of the program, then its arguments. No shell reads them.",
        example: "[/usr/local/bin/restart-consumer, client]"),
      KeyDescription(
        "deadline", "duration, 1s to 1h", default: "60s", "After this long the program is ended and counts as failed.",
        example: "2m"),
    ])
}
