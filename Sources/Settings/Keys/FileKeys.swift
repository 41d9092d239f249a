// SPDX-License-Identifier: Apache-2.0

extension KeyTable {
  package static let file = KeyGroup(
    "keystores.NAME.files[]", "Exactly one format.",
    [
      KeyDescription(
        "pse", "mapping", default: "none",
        "A Personal Security Environment, the keystore of SAP's cryptographic library.",
        example: "{path: client.pse}"),
      KeyDescription(
        "pem", "mapping", default: "none", "The identity as PEM files.",
        example: "{certificate: cert.pem, key: key.key}"),
      KeyDescription(
        "pfx", "mapping", default: "none", "The identity as a PKCS#12 file.",
        example: "{path: cert.pfx, password-credential: cpi-pfx}"),
      KeyDescription(
        "ca-directory", "mapping", default: "none",
        "A folder with one file for each trusted certificate, for the certificate list of STRUST.",
        example: "{path: strust-list}"),
      KeyDescription(
        "java-truststore", "mapping", default: "none", "The trust list as PKCS#12 for Java programs.",
        example: "{path: trust.p12, password-credential: java-trust}"),
    ])

  package static let pse = KeyGroup(
    "keystores.NAME.files[].pse",
    "A Personal Security Environment for CommonCryptoLib, with or without an identity. Where `path` is the file of `adopt`, "
      + "version, owner, group and mode are those of that file unless they are given here.",
    [
      path,
      KeyDescription(
        "version", "`2` or `4`", default: "2", "`2` is what every consumer opens; `4` adds a digest of the content.",
        example: "4"),
      KeyDescription(
        "pin-credential", "credential, or `none`", default: "that of `adopt`",
        "The PIN of the file, ASCII; without `adopt` there is none. `none` is for a file without one, whatever was adopted. Its consumer needs credentials for it (`sapgenpse seclogin`).",
        example: "cpi-pse"),
      KeyDescription(
        "certificate-list", "`issuers` or `chain`", default: "issuers",
        "What `CertList` of an issued identity holds: its issuers, or the own certificate too (pse-format.md).",
        example: "chain"),
      KeyDescription(
        "writer", "`native` or `sapgenpse`", default: "native",
        "Who makes the bytes: certrotd, or SAP's own tool, for an identity without a PIN.", example: "sapgenpse"),
      KeyDescription(
        "sapgenpse", "absolute path, or mapping", default: "/usr/sap/hostctrl/exe/sapgenpse",
        "Where SAP's own tool is, for `writer: sapgenpse` and `seclogin`.", example: "/usr/sap/hostctrl/exe/sapgenpse"),
      KeyDescription(
        "seclogin", "account name", default: "no credentials",
        "After every change SAP's own tool writes credentials (`cred_v2`) for the PIN, for programs of this account.",
        example: "abcadm"),
      owner, group, mode,
    ])

  package static let sapgenpse = KeyGroup(
    "keystores.NAME.files[].pse.sapgenpse", "How SAP's own tool is run. A path alone stands for `program`.",
    [
      KeyDescription(
        "program", "absolute path", default: "/usr/sap/hostctrl/exe/sapgenpse", "The tool.",
        example: "/usr/sap/hostctrl/exe/sapgenpse"),
      KeyDescription(
        "library-path", "absolute path", default: "the folder of the tool", "The tool's `LD_LIBRARY_PATH`.",
        example: "/usr/sap/hostctrl/exe"),
      KeyDescription(
        "secudir", "absolute path", default: "for `seclogin` the folder of the PSE, else a private one",
        "The folder of the credentials that `seclogin` writes; for `writer: sapgenpse` the tool's `SECUDIR`.",
        example: "/usr/sap/ABC/D00/sec"),
      KeyDescription(
        "deadline", "duration, 1s to 1h", default: "60s",
        "After this long a command of the tool is ended and has failed.",
        example: "2m"),
    ])

  package static let pem = KeyGroup(
    "keystores.NAME.files[].pem", "At least one of the two paths.",
    [
      KeyDescription(
        "certificate", "path", default: "not written", "The leaf, its issuers and the root, in this order.",
        example: "cert.pem"),
      KeyDescription("key", "path", default: "not written", "The private key, not encrypted.", example: "key.key"),
      KeyDescription(
        "key-format", "`pkcs8` or `pkcs1`", default: "pkcs8",
        "`pkcs1` writes `RSA PRIVATE KEY` or `EC PRIVATE KEY`, for older programs.", example: "pkcs1"),
      owner, group, mode,
    ])

  package static let pfx = KeyGroup(
    "keystores.NAME.files[].pfx", "A PKCS#12 file with private key, leaf and issuers, for STRUST among others.",
    [
      path.with(example: "cert.pfx"),
      passwordCredential,
      emptyPassword,
      KeyDescription(
        "profile", "`modern` or `legacy`", default: "modern",
        "`modern` is AES-256 with SHA-256; `legacy` is Triple DES with SHA-1, for older SAP libraries.",
        example: "legacy"),
      KeyDescription(
        "alias", "text", default: "the name of the keystore", "The friendly name of the entry.", example: "cpi-sender"),
      owner, group, mode,
    ])

  package static let caDirectory = KeyGroup(
    "keystores.NAME.files[].ca-directory", "Owner, group and mode are those of the files in the folder.",
    [path.with(example: "strust-list"), owner, group, mode])

  package static let javaTruststore = KeyGroup(
    "keystores.NAME.files[].java-truststore", "A PKCS#12 file without private key.",
    [path.with(example: "trust.p12"), passwordCredential, emptyPassword, owner, group, mode])

  private static let passwordCredential = KeyDescription(
    "password-credential", "credential", default: "required, unless `empty-password: true`",
    "The password of the file.", example: "cpi-pfx")

  private static let emptyPassword = KeyDescription(
    "empty-password", "`true` or `false`", default: "false", "Protects the file with the empty password.",
    example: "true")
}

extension KeyDescription {
  fileprivate func with(example: String) -> KeyDescription {
    var copy = self
    copy.example = example
    return copy
  }
}
