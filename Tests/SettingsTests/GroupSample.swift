// SPDX-License-Identifier: Apache-2.0

@testable import Settings

/// Configurations in which one key of one group is given, and nothing else that is not required.
enum GroupSample {
  /// A text in which the key has this value; nil leaves the key out.
  static func yaml(_ group: KeyGroup, _ key: String, value: String?) -> String {
    var keys = required[group.title, default: [:]]
    keys[key] = value
    for other in exclusive[key, default: []] { keys[other] = nil }
    if group.title == "Top level" {
      if key != "endpoints" { keys["endpoints"] = "{s4hana: {url: s4hana.example}}" }
      return keys.sorted { $0.key < $1.key }.map { "\($0): \($1)\n" }.joined()
    }
    let mapping = "{" + keys.sorted { $0.key < $1.key }.map { "\($0): \($1)" }.joined(separator: ", ") + "}"
    let frame = frames[group.title, default: "MISSING FRAME"]
    var text = common.filter { !frame.hasPrefix($0.prefix(9)) }.joined(separator: "\n")
    text += "\n" + frame.replacing("@", with: mapping) + "\n"
    return text
  }

  private static let common = [
    "endpoints: {s4hana: {url: s4hana.example}}",
    "service-keys: {cpi-sender: {from: {file: /etc/certrotd/keys/cpi-sender.json}}}",
  ]

  private static let pair = "identity: {service-key: cpi-sender}, trust: {endpoints: [s4hana]}"

  private static func cloud(_ login: String) -> String {
    "{api: \"https://api.example\", service-instance: cpi, preset: xsuaa, login: \(login)}"
  }

  private static let frames = [
    "defaults": "defaults: @",
    "endpoints.NAME": "endpoints: {a: @}",
    "endpoints.NAME.anchors": "endpoints: {a: {url: a.example, anchors: @}}",
    "service-keys.NAME": "service-keys: {a: @}",
    "service-keys.NAME.from": "service-keys: {a: {from: @}}",
    "service-keys.NAME.from.cloud-foundry": "service-keys: {a: {from: {cloud-foundry: @}}}",
    "service-keys.NAME.from.service-manager": "service-keys: {a: {from: {service-manager: @}}}",
    "service-keys.NAME.from.cloud-foundry.login": "service-keys: {a: {from: {cloud-foundry: \(cloud("@"))}}}",
    "service-keys.NAME.from.cloud-foundry.login.user":
      "service-keys: {a: {from: {cloud-foundry: \(cloud("{user: @}"))}}}",
    "service-keys.NAME.from.cloud-foundry.login.user-certificate":
      "service-keys: {a: {from: {cloud-foundry: \(cloud("{user-certificate: @}"))}}}",
    "service-keys.NAME.from.cloud-foundry.login.client":
      "service-keys: {a: {from: {cloud-foundry: \(cloud("{client: @}"))}}}",
    "service-keys.NAME.fields": "service-keys: {a: {from: {file: /etc/a}, fields: @}}",
    "service-keys.NAME.verify": "service-keys: {a: {from: {file: /etc/a}, verify: @}}",
    "keystores.NAME": "keystores: {a: @}",
    "keystores.NAME.identity": "keystores: {a: {identity: @, files: [{pse: {path: a}}]}}",
    "keystores.NAME.identity.self-signed":
      "keystores: {a: {identity: {self-signed: @}, files: [{pse: {path: a}}]}}",
    "keystores.NAME.identity.pem": "keystores: {a: {identity: {pem: @}, files: [{pse: {path: a}}]}}",
    "keystores.NAME.adopt": "keystores: {a: {adopt: @, files: [{pse: {path: a}}]}}",
    "keystores.NAME.trust": "keystores: {a: {trust: @, files: [{pse: {path: a}}]}}",
    "keystores.NAME.files[]": "keystores: {a: {\(pair), files: [@]}}",
    "keystores.NAME.files[].pse": "keystores: {a: {\(pair), files: [{pse: @}]}}",
    "keystores.NAME.files[].pse.sapgenpse":
      "keystores: {a: {\(pair), files: [{pse: {path: a, writer: sapgenpse, sapgenpse: @}}]}}",
    "keystores.NAME.files[].pem": "keystores: {a: {\(pair), files: [{pem: @}]}}",
    "keystores.NAME.files[].pfx": "keystores: {a: {\(pair), files: [{pfx: @}]}}",
    "keystores.NAME.files[].ca-directory": "keystores: {a: {\(pair), files: [{ca-directory: @}]}}",
    "keystores.NAME.files[].java-truststore": "keystores: {a: {\(pair), files: [{java-truststore: @}]}}",
    "keystores.NAME.change-window":
      "keystores: {a: {trust: {endpoints: [s4hana]}, files: [{pse: {path: a}}], change-window: @}}",
    "keystores.NAME.after-change[]":
      "keystores: {a: {trust: {endpoints: [s4hana]}, files: [{pse: {path: a}}], after-change: [@]}}",
    "keystores.NAME.confirm": "keystores: {a: {\(pair), files: [{pse: {path: a}}], confirm: @}}",
    "keystores.NAME.confirm.identity":
      "keystores: {a: {\(pair), files: [{pse: {path: a}}], confirm: {identity: @}}}",
    "keystores.NAME.confirm.served[]":
      "keystores: {a: {\(pair), files: [{pse: {path: a}}], confirm: {served: [@]}}}",
  ]

  private static let proxy = "http://proxy.example:3128"

  private static let required: [String: [String: String]] = [
    "defaults": ["proxy": proxy],
    "endpoints.NAME": ["url": "a.example", "proxy": proxy],
    "service-keys.NAME": ["from": "{file: /etc/a}", "proxy": proxy],
    "service-keys.NAME.from.cloud-foundry": [
      "api": "https://api.example", "service-instance": "cpi", "preset": "cloud-integration", "space": "prod",
      "login": "{client: {id: a, secret-credential: b}}",
    ],
    "service-keys.NAME.from.service-manager": [
      "binding-file": "sm", "service-instance": "cpi", "preset": "cloud-integration",
    ],
    "service-keys.NAME.from.cloud-foundry.login.user": ["name": "a", "password-credential": "b"],
    "service-keys.NAME.from.cloud-foundry.login.user-certificate": [
      "name": "a", "tenant": "https://a.example", "certificate-credential": "b",
    ],
    "service-keys.NAME.from.cloud-foundry.login.client": ["id": "a", "secret-credential": "b"],
    "service-keys.NAME.fields": ["certificate": "a", "key": "b"],
    "service-keys.NAME.verify": ["request": "https://a.example"],
    "keystores.NAME": ["trust": "{endpoints: [s4hana]}", "files": "[{pse: {path: a}}]"],
    "keystores.NAME.identity.self-signed": ["subject": "CN=a"],
    "keystores.NAME.identity.pem": ["certificate": "/etc/ssl/client.pem", "key": "/etc/ssl/client.key"],
    "keystores.NAME.adopt": ["file": "/usr/sap/ABC/D00/sec/SAPSSLC.pse"],
    "keystores.NAME.trust": ["endpoints": "[s4hana]"],
    "keystores.NAME.files[].pse": ["path": "/etc/certrotd/a", "pin-credential": "c"],
    "keystores.NAME.files[].pem": ["certificate": "a"],
    "keystores.NAME.files[].pfx": ["path": "a", "password-credential": "c"],
    "keystores.NAME.files[].ca-directory": ["path": "a"],
    "keystores.NAME.files[].java-truststore": ["path": "a", "password-credential": "c"],
    "keystores.NAME.change-window": ["from": "\"22:00\"", "to": "\"04:00\""],
    "keystores.NAME.after-change[]": ["run": "[/usr/local/bin/tell-strust]"],
    "keystores.NAME.confirm": ["endpoints": "all"],
    "keystores.NAME.confirm.identity": ["request": "https://a.example"],
    "keystores.NAME.confirm.served[]": ["address": "a.example"],
  ]

  /// Keys that must go when another one is given.
  private static let exclusive = [
    "empty-password": ["password-credential"], "every-address": ["proxy"], "writer": ["pin-credential"],
    "certificate-credential": ["secret-credential"],
  ]
}
