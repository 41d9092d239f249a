// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import Settings

struct MistakeTests {
  /// A service key of a Service Manager with these keys in its source, and `more` beside it.
  private static func binding(_ keys: String, more: String? = nil, name: String = "a") -> String {
    let rest = more.map { ", \($0)" } ?? ""
    return "service-keys: {\(name): {from: {service-manager: {binding-file: s, service-instance: i, \(keys)}}\(rest)}}"
  }

  private static let frame = "endpoints: {e: {url: e.example}}\n"

  @Test func `every mistake of a file is reported at its place, in order`() {
    let found = mistakes(
      """
      defaults:
        refetch-evry: 6h
        timeout: soon
        renew-before: 95%
      endpoints:
        s4 hana:
          url: a.example
        b:
          anchors: sytem
          every-address: yes
        c: [a]
      keystores:
        k:
          trust: {endpoints: [d, b]}
          files:
            - pse: {path: ../k.pse}
            - pfx: {path: k.pfx, password: geheim}
      """)
    #expect(
      found == [
        "2:3: error: defaults.refetch-evry: unknown key 'refetch-evry'; did you mean 'refetch-every'?",
        "3:12: error: defaults.timeout: 'soon' is no duration; write a number and a unit s, m, h, d or w: 90m, 30d, 1d12h",
        "4:17: error: defaults.renew-before: must be a whole percentage from 1% to 90%, not '95%'",
        "6:3: error: endpoints.s4 hana: 's4 hana' is no name; \(EntryName.advice)",
        "8:3: error: endpoints.b: the key 'url' is missing; write for example 'url: https://my123456-api.s4hana.ondemand.com'",
        "9:14: error: endpoints.b.anchors: must be system, or a mapping, not 'sytem'; write {bundle: /…} or {pins: [sha256:…]}",
        "10:20: error: endpoints.b.every-address: must be true or false, not 'yes'",
        "11:3: error: endpoints.c: must be a mapping, not a list; write for example 'url: https://my123456-api.s4hana.ondemand.com' in it",
        "14:25: error: keystores.k.trust.endpoints[0]: there is no endpoint 'd'; define it, or remove the reference",
        "16:21: error: keystores.k.files[0].pse.path: '../k.pse' leads out of the keystore's folder; write a path below it, or an absolute path",
        "17:14: error: keystores.k.files[1].pfx: holds an identity, and the keystore has none; give the keystore an 'identity'",
        "17:14: error: keystores.k.files[1].pfx: needs a password; write 'password-credential: NAME', or 'empty-password: true' when it shall have none",
        "17:28: error: keystores.k.files[1].pfx.password: a secret must not stand in the configuration; put it into a systemd credential or a file with mode 0600, and name that: 'password-credential: NAME'",
      ])
    #expect(!found.joined().contains("geheim"))
  }

  /// A line behind `endpoints: {e: …}` or a whole document, and a part of the one message that it must lead to.
  @Test(arguments: [
    ("endpoints: {a: {url: \"https://user:geheim@a.example\"}}", "must not hold a user or password"),
    ("defaults: {proxy: \"http://u:geheim@p.example:1\"}", "must not hold a user or password"),
    ("defaults: {proxy: \"http://u:geh/eim@p.example:1\"}", "is no port"),
    ("defaults: {proxy: \"https://p.example:1\"}", "scheme 'https' is not supported"),
    ("defaults: {proxy: p.example}", "names no port"),
    ("defaults: {proxy-credential: x}", "given without 'proxy'"),
    ("defaults: {no-proxy: [\"a b\"]}", "no host, domain, address or network"),
    ("defaults: {keep-generations: 1}", "number from 2 to 100"),
    ("defaults: {refetch-every: 9s}", "between 10s and 30d"),
    ("defaults: {renew-before: 0%}", "whole percentage"),
    ("defaults: {renew-before: +5%}", "whole percentage"),
    ("defaults: {alert-before: 30d}", "must be a list"),
    ("defaults: {timeout: }", "has no value"),
    ("defaults: {alert-before: [30d, x]}", "'x' is no duration"),
    ("defaults: {url: x}", "it belongs in 'endpoints.NAME'"),
    ("endpoint: {}", "did you mean 'endpoints'?"),
    ("endpoints: [a]", "must be a mapping of names"),
    ("endpoints: {a: }", "must be a mapping, not nothing"),
    ("endpoints: {a: {url: \"http://a.example\"}}", "scheme 'http' is not supported"),
    ("endpoints: {a: {url: \"ldaps://a.example\"}}", "use https://, wss://, or write host:port"),
    ("endpoints: {a: {url: a.example, connect-to: \"wss://b:1\"}}", "write host:port without a scheme"),
    ("endpoints: {a: {url: a.example, server-name: \"wss://b.example:1/x\"}}", "write the name alone: b.example"),
    ("endpoints: {a: {url: a.example, server-name: \"b.example:1\"}}", "write the name alone: b.example"),
    ("defaults: {no-proxy: [\"https://b.example\"]}", "write the name alone: b.example"),
    ("endpoints: {a: {url: \"a.example:0\"}}", "is no port"),
    ("endpoints: {a: {url: \"a.example:65536\"}}", "is no port"),
    ("endpoints: {a: {url: \"a.example:\"}}", "is no port"),
    ("endpoints: {a: {url: \"[::1\"}}", "is no address"),
    ("endpoints: {a: {url: \"1.2.3\"}}", "no host name and no address"),
    ("endpoints: {a: {url: \"bücher.example\"}}", "xn--"),
    ("endpoints: {a: {url: \"-a.example\"}}", "no host name"),
    ("endpoints: {a: {url: \"https://\"}}", "no host name"),
    ("endpoints: {a: {url: \"\"}}", "must not be empty"),
    ("endpoints: {a: {url: \"a\\nb\"}}", "control characters"),
    ("endpoints: {a: {url: a.example, anchors: {}}}", "one of the keys 'bundle', 'pins' is missing"),
    ("endpoints: {a: {url: a.example, anchors: {bundle: /nowhere.pem}}}", "/nowhere.pem does not exist"),
    ("endpoints: {a: {url: a.example, anchors: {bundle: roots.pem}}}", "is a relative path"),
    ("endpoints: {a: {url: a.example, anchors: {pins: []}}}", "no chain would fit"),
    ("endpoints: {a: {url: a.example, anchors: {pins: [\"sha256:00\"]}}}", "no SHA-256 fingerprint"),
    ("endpoints: {a: {url: a.example, timeout: 10m}}", "between 1s and 5m"),
    ("endpoints: {.a: {url: a.example}}", "is no name"),
    ("endpoints: {a: {url: a.example, every-address: true, proxy: \"http://p:1\"}}", "no meaning through a proxy"),
    ("service-keys: {a: {from: {file: a.json}}}", "is a relative path"),
    ("service-keys: {a: {from: {file: /nowhere/a.json}}}", "the folder /nowhere does not exist"),
    ("service-keys: {a: {from: {file: /etc/certrotd}}}", "is a folder, not a file"),
    (
      "service-keys: {a: {from: {cloud-foundry: {service-instance: i, preset: xsuaa, login: {client: {id: i, "
        + "secret-credential: s}}}}}}", "'api' is missing"
    ),
    (
      "service-keys: {a: {from: {file: /etc/a, service-manager: {binding-file: s, service-instance: i, preset: xsuaa}}}}",
      "only one of the keys"
    ),
    ("service-keys: {a: {from: {}}}", "one of the keys 'file', 'cloud-foundry', 'service-manager' is missing"),
    ("service-keys: {a: {from: {file: /etc/a}, replace: delete-first}}", "no meaning for a file"),
    (
      "service-keys: {a: {from: {service-manager: {binding-file: s, service-instance: i}}}}", "'preset' or 'parameters'"
    ),
    (binding("preset: xsua"), "did you mean 'xsuaa'?"),
    (binding("preset: xsuaa, validity: 31d"), "valid for 1d to 30d"),
    (binding("preset: xsuaa, validity: 36h"), "whole days"),
    (binding("preset: xsuaa, key-length: 3072"), "one of the lengths 2048, 4096, 8192"),
    (binding("preset: cloud-logging, key-length: 4096"), "the service decides"),
    (binding("parameters: {}, validity: 5d"), "only beside 'preset'"),
    (binding("parameters: [a]"), "must be a mapping"),
    (binding("parameters: {a: {b: \"-----BEGIN PRIVATE KEY-----\"}}"), "a private key must not stand"),
    (binding("preset: xsuaa, key-name: a-name-that-is-too-long"), "at most 17"),
    (binding("preset: xsuaa, password: secret"), "a secret must not stand"),
    (binding("preset: cloud-logging", more: "verify: token"), "no token endpoint"),
    (binding("preset: xsuaa", more: "renew-before: 30d"), "cannot be renewed 30d before"),
    (binding("preset: xsuaa", name: "a-service-key-with-a-long-name"), "give 'key-name'"),
    ("defaults: {installation: \"-a\"}", "with a letter or digit at either end"),
    ("service-keys: {a: {}}", "'from' is missing"),
    ("service-keys: {a: {from: {file: /etc/a}, verify: tokn}}", "must be token, none, or a mapping"),
    ("service-keys: {a: {from: {file: /etc/a}, verify: {request: \"http://a.example\"}}}", "begins with https://"),
    ("service-keys: {a: {from: {file: /etc/a}, verify: {request: \"https://a.example\", method: TRACE}}}", "HEAD, GET"),
    ("service-keys: {a: {from: {file: /etc/a}, fields: {certificate: a..b, key: b}}}", "no dotted path"),
    ("service-keys: {a: {from: {file: /etc/a}, fields: {certificate: a}}}", "'key' is missing"),
    ("service-keys: {a: {from: {file: /etc/a}, passphrase-credential: ge/heim}}", "is no credential"),
    ("service-keys: {a: {from: {file: /etc/a}, pin: 1234}}", "a secret must not stand"),
    ("service-keys: {a: {from: {file: /etc/a}, clientsecret: 1234}}", "a secret must not stand"),
    ("keystores: {a: {files: [{pse: {path: a}}]}}", "neither an identity nor trust"),
    ("keystores: {a: {trust: {}, files: [{pse: {path: a}}]}}", "names nothing to trust"),
    ("keystores: {a: {trust: {endpoints: [e]}, files: []}}", "must not be empty"),
    ("keystores: {a: {trust: {endpoints: [e]}}}", "'files' is missing"),
    ("keystores: {a: {trust: {endpoints: [e], include: [root]}, files: [{pse: {path: a}}]}}", "did you mean 'roots'?"),
    ("keystores: {a: {trust: {bundles: [/nowhere]}, files: [{pse: {path: a}}]}}", "/nowhere does not exist"),
    ("keystores: {a: {identity: {service-key: x}, files: [{pse: {path: a}}]}}", "there is no service key 'x'"),
    ("keystores: {a: {identity: x, files: [{pse: {path: a}}]}}", "must be none, or a mapping"),
    ("keystores: {a: {identity: {self-signed: {subject: a}}, files: [{pse: {path: a}}]}}", "is no distinguished name"),
    (
      "keystores: {a: {identity: {self-signed: {subject: CN=a, key-bits: 1024}}, files: [{pse: {path: a}}]}}",
      "one of 2048, 3072, 4096"
    ),
    (
      "keystores: {a: {identity: {self-signed: {subject: CN=a, valid-for: 20d}}, renew-before: 20d, files: [{pse: {path: a}}]}}",
      "renewed without end"
    ),
    (
      "keystores: {a: {identity: {pem: {certificate: /x, key: /etc/ssl/client.key}}, files: [{pse: {path: a}}]}}",
      "/x does not exist"
    ),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pem: {certificate: a}}]}}", "keystore has none"),
    ("keystores: {a: {identity: {self-signed: {subject: CN=a}}, files: [{ca-directory: {path: a}}]}}", "trusts none"),
    ("keystores: {a: {identity: {self-signed: {subject: CN=a}}, files: [{pem: {}}]}}", "names no file"),
    (
      "keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a}, ca-directory: {path: b}}]}}",
      "only one of the keys"
    ),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: .}}]}}", "leads out of"),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: .a}}]}}", "begins with a dot"),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: /}}]}}", "is no file"),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: /nowhere/a}}]}}", "/nowhere does not exist"),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a, mode: \"0888\"}}]}}", "is no file mode"),
    (
      "keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a, mode: \"0666\"}}]}}",
      "anyone but the owner write"
    ),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a, owner: \"a:b\"}}]}}", "no account or group"),
    (
      "keystores: {a: {identity: {self-signed: {subject: CN=a}}, files: [{pse: {path: a, mode: \"0644\"}}]}}",
      "others must not read it"
    ),
    ("keystores: {a: {adopt: old.pse, files: [{pse: {path: a}}]}}", "is a relative path"),
    ("keystores: {a: {adopt: {pin-credential: p}, files: [{pse: {path: a}}]}}", "'file' is missing"),
    ("keystores: {a: {adopt: {file: /a, without: [x]}, files: [{pse: {path: a}}]}}", "no SHA-256 fingerprint"),
    ("keystores: {a: {adopt: /a, files: [{pse: {path: a, mode: \"0644\"}}]}}", "others must not read it"),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a, writer: sapgenpse}}]}}", "keystore has none"),
    (selfSigned("path: a, writer: sapgenpse, pin-credential: p"), "as an argument only"),
    (selfSigned("path: a, writer: sapgenpse, version: 4"), "sapgenpse's own choice"),
    (selfSigned("path: a, writer: sapgenpse, sapgenpse: /usr/sap"), "is no program"),
    (selfSigned("path: a, writer: sapgenpse, sapgenpse: /etc/ssl/client.pem"), "is not executable"),
    (selfSigned("path: a, writer: sapgenpse, sapgenpse: {program: sapgenpse}"), "is a relative path"),
    (selfSigned("path: a, writer: sapgenpse, sapgenpse: {secudir: /nowhere}"), "/nowhere does not exist"),
    (selfSigned("path: a, writer: sapgenpse, sapgenpse: {deadline: 2h}"), "between 1s and 1h"),
    (selfSigned("path: a, writer: sap"), "must be one of native, sapgenpse"),
    (selfSigned("path: /etc/ssl/a, seclogin: abcadm"), "no meaning without a PIN"),
    (selfSigned("path: a, pin-credential: p, seclogin: abcadm"), "needs a PSE with an absolute path"),
    (selfSigned("path: /etc/ssl/a, pin-credential: none, seclogin: abcadm"), "no meaning without a PIN"),
    (inPlace("writer: sapgenpse"), "sapgenpse would make a file without"),
    (
      "keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a}}], after-change: [x]}}",
      "must be a list of arguments"
    ),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a}}], after-change: [[]]}}", "must not be empty"),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a}}], after-change: [[x]]}}", "is a relative path"),
    ("keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a}}], after-change: [[/x]]}}", "/x does not exist"),
    (
      "keystores: {a: {trust: {endpoints: [e]}, files: [{pse: {path: a}}], after-change: [[/etc/ssl/client.pem]]}}",
      "is not executable"
    ),
  ])
  func `a mistake is named`(line: String, message: String) {
    let found = mistakes(line.hasPrefix("endpoints:") ? line : Self.frame + line)
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.contains(message) == true, "\(found)")
    #expect(!found.joined().contains("geh"))
  }

  @Test func `a default tool that is not there is a mistake where it is needed`() {
    let yaml = Self.selfSigned("path: a, writer: sapgenpse")
    #expect(mistakes(yaml).isEmpty)
    let found = mistakes(yaml) { $0.remove("/usr/sap/hostctrl/exe/sapgenpse") }
    #expect(found.count == 1 && found[0].contains("sapgenpse does not exist; say with 'sapgenpse: /…'"), "\(found)")
  }

  private static func selfSigned(_ pse: String) -> String {
    "keystores: {a: {identity: {self-signed: {subject: CN=a}}, files: [{pse: {\(pse)}}]}}"
  }

  /// A file that takes the place of a PSE with a PIN.
  private static func inPlace(_ pse: String) -> String {
    let file = "/usr/sap/ABC/D00/sec/a.pse"
    return "keystores: {a: {adopt: {file: \(file), pin-credential: p}, files: [{pse: {path: \(file), \(pse)}}]}}"
  }

  @Test func `a file in the place of an adopted one has its PIN`() throws {
    #expect(mistakes(Self.inPlace("seclogin: abcadm")).isEmpty)
    let warnings = read(Self.inPlace("seclogin: abcadm")) { $0.flaws[.user("abcadm")] = "no such user" }.warnings
    #expect(warnings.map(\.message) == ["no such user"] && warnings.first?.key?.hasSuffix("seclogin") == true)
    #expect(mistakes(Self.inPlace("writer: sapgenpse, pin-credential: none")).isEmpty)
    let file = try #require(read(Self.inPlace("pin-credential: none")).configuration?.keystores.first?.files.first)
    guard case .pse(let pse) = file.format else {
      Issue.record("it is a PSE")
      return
    }
    #expect(pse.isWithoutPIN && pse.pin == nil && pse.version == nil && file.mode == nil)
  }

  @Test func `a private key in the configuration is refused and not shown`() {
    let found = mistakes("endpoints: {a: {url: \"-----BEGIN PRIVATE KEY-----geheim\"}}")
    #expect(found.count == 1 && found[0].contains("a private key must not stand") && !found[0].contains("geheim"))
  }

  /// An address with a password where something else belongs, and how often it is a mistake.
  @Test(arguments: [
    "endpoints: {a: {url: a.example, server-name: \"ADDRESS\"}}",
    "endpoints: {a: {url: a.example, anchors: \"ADDRESS\"}}",
    "endpoints: {a: {url: a.example, anchors: {bundle: \"ADDRESS\"}}}",
    "endpoints: {a: {url: a.example, anchors: {pins: [\"ADDRESS\"]}}}",
    "endpoints: {a: {url: a.example, timeout: \"ADDRESS\"}}",
    "endpoints: {\"ADDRESS\": {url: a.example, timeout: 1}}",
    "endpoints: {a: {url: a.example, \"ADDRESS\": 1}}",
    "defaults: {no-proxy: [\"ADDRESS\"]}",
    "defaults: {keep-generations: \"ADDRESS\"}",
    "service-keys: {a: {from: {file: \"ADDRESS\"}}}",
    "service-keys: {a: {from: {file: /etc/a}, verify: \"ADDRESS\"}}",
    "service-keys: {a: {from: {file: /etc/a}, fields: {certificate: \"ADDRESS..\", key: b}}}",
    "keystores: {a: {trust: {endpoints: [\"ADDRESS\"]}, files: [{pse: {path: a}}]}}",
    "keystores: {a: {identity: \"ADDRESS\", files: [{pse: {path: a}}]}}",
    "keystores: {a: {identity: {service-key: \"ADDRESS\"}, files: [{pse: {path: a}}]}}",
    "keystores: {a: {identity: {self-signed: {subject: \"ADDRESS\"}}, files: [{pse: {path: a}}]}}",
    "keystores: {a: {identity: {self-signed: {subject: CN=a}}, files: [{pse: {path: \"../ADDRESS\"}}]}}",
    "keystores: {a: {identity: {self-signed: {subject: CN=a}}, files: [{pse: {path: a, owner: \"ADDRESS\"}}]}}",
  ])
  func `a password in an address is shown nowhere`(line: String) {
    for address in ["https://user:ge@h im'@a.example", "user:geheim@a.example", "https://geheim@a.example/x"] {
      let found = mistakes(line.replacing("ADDRESS", with: address))
      #expect(!found.isEmpty)
      for secret in ["ge@h", "im'", "geheim"] { #expect(!found.joined().contains(secret), "\(found)") }
    }
  }

  @Test(arguments: [
    (0o640, nil), (0o660, nil), (0o644, "everybody on this host may read its private key; chmod o= /etc/k"),
    (0o666, "everybody on this host may read and replace its private key"), (0o642, "may replace its private key"),
  ])
  func `a private key that everybody may use is a warning`(mode: Int, message: String?) {
    for yaml in [
      "service-keys: {a: {from: {file: /etc/k}}}",
      "keystores: {a: {identity: {pem: {certificate: /etc/ssl/client.pem, key: /etc/k}}, files: [{pse: {path: a}}]}}",
    ] {
      let found = read(yaml) { $0.add("/etc/k", mode: UInt16(mode)) }
      #expect(found.configuration != nil && found.mistakes.isEmpty, "\(found)")
      #expect(found.warnings.count == (message == nil ? 0 : 1))
      if let message { #expect("\(found.warnings)".contains(message), "\(found.warnings)") }
    }
  }

  @Test func `credential files must be closed to others`() {
    let yaml = "service-keys: {a: {from: {file: /etc/a}, passphrase-credential: /etc/secret}}"
    for (mode, isGood) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o700, true)] {
      let found = mistakes(yaml) { $0.add("/etc/secret", "x", mode: UInt16(mode)) }
      #expect(found.isEmpty == isGood, "\(found)")
    }
    #expect(mistakes(yaml).first?.contains("/etc/secret does not exist") == true)
    #expect(mistakes(yaml) { $0.addFolder("/etc/secret") }.first?.contains("no regular file") == true)
  }

  @Test func `files that cannot be read are mistakes`() {
    let yaml = "endpoints: {a: {url: a.example, anchors: {bundle: /etc/certrotd/roots.pem}}}"
    let found = mistakes(yaml) { $0.damage("/etc/certrotd/roots.pem", .notPermitted) }
    #expect(found.count == 1 && found[0].contains("roots.pem may not be read by this account"))
  }

  @Test func `who is refused is told with what to do`() {
    func refusal(_ obstacle: FileRefusal.Obstacle) -> FileProblem {
      .refused(FileRefusal(account: "daemon", group: "daemons", obstacle: obstacle))
    }
    let bundle = "endpoints: {a: {url: a.example, anchors: {bundle: /etc/certrotd/roots.pem}}}"
    let file = mistakes(bundle) { $0.damage("/etc/certrotd/roots.pem", refusal(.file("/etc/certrotd/roots.pem"))) }
    #expect(
      file == [
        "1:51: error: endpoints.a.anchors.bundle: /etc/certrotd/roots.pem may not be read by the account daemon: "
          + "chgrp daemons /etc/certrotd/roots.pem && chmod g+r /etc/certrotd/roots.pem"
      ])
    let way = mistakes(bundle) { $0.damage("/etc/certrotd/roots.pem", refusal(.way("/etc/certrotd"))) }
    #expect(way.first?.contains("may not enter /etc/certrotd: ") == true, "\(way)")
    let secret = "service-keys: {a: {from: {file: /etc/a}, passphrase-credential: /etc/secret}}"
    let closed = mistakes(secret) {
      $0.add("/etc/secret", "x", mode: 0o600)
      $0.damage("/etc/secret", refusal(.file("/etc/secret")))
    }
    #expect(closed.first?.hasSuffix("by the account daemon: chown daemon /etc/secret") == true, "\(closed)")
  }

  @Test func `a service key that is there must be readable for who checks`() {
    let yaml = "service-keys: {a: {from: {file: /etc/a.json}}}"
    for checks in [false, true] {
      let found = mistakes(yaml) {
        $0.expectedFilesMustBeReadable = checks
        $0.add("/etc/a.json")
        $0.damage("/etc/a.json", .notPermitted)
      }
      #expect(found.count == (checks ? 1 : 0), "\(found)")
    }
  }

  @Test func `a message is one line whatever the file holds`() {
    let found = read("endpoints: {\"a\\nb\\e[31m\": {url: a.example}}").mistakes
    #expect(found.count == 1)
    #expect(found.first?.description.contains(where: \.isNewline) == false)
    #expect(found.first?.description.contains("\u{1B}") == false)
    let long = String(repeating: "x", count: 100_000)
    #expect(mistakes("endpoints: {a: {url: a.example, timeout: \(long)}}").first.map { $0.count < 1000 } == true)
  }

  @Test(arguments: [
    ("preset: cloud-integration, parameters: {validity: 10}", "30d", "10d"),
    ("preset: xsuaa, parameters: {x509: {validity: 30}}", "29d", "30d"),
    ("parameters: {xsuaa: {x509: {validity: 5, validity-type: DAYS}}}", "5d", "5d"),
    ("preset: cloud-logging, parameters: {ingest: {certValidityDays: 20}}", "20d", "20d"),
  ])
  func `parameters that let keys live too short for renew-before are warned of`(
    keys: String, renewBefore: String, life: String
  ) {
    let found = read(Self.binding(keys, more: "renew-before: \(renewBefore)"))
    #expect(found.mistakes.isEmpty)
    let words = "keys that live for \(life), as 'parameters' say, cannot be renewed \(renewBefore) before their end"
    #expect(found.warnings.count == 1 && found.warnings.first?.message.hasPrefix(words) == true, "\(found.warnings)")
  }

  @Test(arguments: [
    ("preset: cloud-integration, parameters: {validity: 100}", "30d"),
    ("parameters: {validity: 10, validity-type: MONTHS}", "30d"),
    ("preset: cloud-integration, parameters: {other: 1}", "30d"), ("parameters: {validity: 10}", "33%"),
  ])
  func `parameters that fit, or say nothing in days, are not warned of`(keys: String, renewBefore: String) {
    let found = read(Self.binding(keys, more: "renew-before: \(renewBefore)"))
    #expect(found.mistakes.isEmpty && found.warnings.isEmpty, "\(found)")
  }
}
