// SPDX-License-Identifier: Apache-2.0

import Certificates
import SystemPackage
import Testing

@testable import Settings

struct ReadConfigurationTests {
  private let day = Duration.seconds(86_400)

  @Test func `an empty file is a configuration without entries`() {
    for text in ["", "# nothing\n", "---\n", "endpoints:\nkeystores:\n"] {
      #expect(read(text).configuration == Configuration(files: [mainFile]))
    }
  }

  @Test func `endpoints get what is written, and the default values`() throws {
    let configuration = try #require(
      read(
        """
        endpoints:
          plain: {url: "https://Host.EXAMPLE./some/path?x"}
          bare: {url: host.example:8443}
          six: {url: "https://[2001:DB8::1]:444", connect-to: "[::1]", server-name: six.example}
          pinned:
            url: host.example
            anchors: {pins: ["SHA256:\(String(repeating: "0A:", count: 31))0A"]}
            every-address: true
            timeout: 3s
            refetch-every: 1m
          bundled: {url: "wss://host.example", anchors: {bundle: /etc/certrotd/../certrotd/roots.pem}}
        """
      ).configuration)
    #expect(configuration.endpoints.map(\.name) == ["plain", "bare", "six", "pinned", "bundled"])
    #expect(configuration.endpoint(named: "plain") == EndpointSettings(name: "plain", host: "host.example"))
    #expect(configuration.endpoint(named: "bare")?.port == 8443)
    let six = try #require(configuration.endpoint(named: "six"))
    #expect(six.host == "2001:db8::1" && six.port == 444 && six.serverName == "six.example")
    #expect(six.connectTo == HostAndPort(host: "::1", port: 444))
    let pinned = try #require(configuration.endpoint(named: "pinned"))
    guard case .pins(let pins) = pinned.anchors else {
      Issue.record("no pins")
      return
    }
    #expect(pins.map(\.bytes) == [[UInt8](repeating: 10, count: 32)])
    #expect(pinned.everyAddress && pinned.timeout == .seconds(3) && pinned.refetchEvery == .seconds(60))
    #expect(configuration.endpoint(named: "bundled")?.anchors == .bundle("/etc/certrotd/roots.pem"))
    #expect(pinned.declared.line == 5 && pinned.declared.column == 3 && pinned.declared.file == mainFile)
  }

  @Test func `the environment names the proxy of service keys as long as no file does`() throws {
    func choice(_ defaults: String, _ own: String) throws -> ProxyChoice {
      let text = "defaults: {\(defaults)}\nservice-keys: {k: {from: {file: /etc/k}\(own)}}\n"
      let key = try #require(read(text).configuration?.serviceKey(named: "k"))
      return key.proxy(forHost: "x.corp.example", port: 443)
    }
    #expect(try choice("", "") == .environment)
    #expect(try choice("proxy: none", "") == .direct)
    #expect(try choice("", ", proxy: none") == .direct)
    #expect(try choice("no-proxy: [corp.example]", "") == .direct)
    let named = ProxyChoice.through(ProxySetting(host: "p.example", port: 80))
    #expect(try choice("proxy: \"http://p.example:80\"", "") == named)
    #expect(try choice("proxy: none", ", proxy: \"http://p.example:80\"") == named)
  }

  @Test func `defaults hold for all files, wherever they stand`() throws {
    let reading = read("endpoints: {a: {url: a.example}, b: {url: b.corp.example}}\n") { files in
      files.add(
        "/etc/certrotd/conf.d/90-defaults.yaml",
        """
        defaults:
          refetch-every: 2h
          timeout: 7s
          renew-before: 20d
          alert-before: [1d, 2w, 1d]
          proxy: http://proxy.example:3128
          no-proxy: [corp.example]
          keep-generations: 9
        service-keys: {k: {from: {file: /etc/k}}, l: {from: {file: /etc/l}, proxy: "http://other.example:80"}}
        keystores: {s: {trust: {endpoints: [a]}, files: [{pse: {path: s.pse}}]}}
        """)
    }
    let configuration = try #require(reading.configuration)
    let proxy = ProxySetting(host: "proxy.example", port: 3128)
    #expect(configuration.defaults.keepGenerations == 9)
    #expect(configuration.endpoint(named: "a")?.proxy == proxy)
    #expect(configuration.endpoint(named: "b")?.proxy == nil)
    #expect(configuration.endpoint(named: "a")?.refetchEvery == .seconds(7200))
    #expect(configuration.endpoint(named: "a")?.timeout == .seconds(7))
    let key = try #require(configuration.serviceKey(named: "k"))
    #expect(key.renewBefore == .duration(day * 20) && key.alertBefore == [day * 14, day])
    #expect(key.proxy(forHost: "x.corp.example", port: 443) == .direct)
    #expect(key.proxy(forHost: "x.example", port: 443) == .through(proxy))
    let other = try #require(configuration.serviceKey(named: "l"))
    #expect(other.proxy(forHost: "x.corp.example", port: 443).setting?.host == "other.example")
    #expect(configuration.keystore(named: "s")?.renewBefore == .duration(day * 20))
    #expect(configuration.files == [mainFile, "/etc/certrotd/conf.d/90-defaults.yaml"])
  }

  @Test func `service keys and keystores get the default values`() throws {
    let configuration = try #require(
      read(
        """
        endpoints: {e: {url: e.example}}
        service-keys: {k: {from: {file: /etc/certrotd/keys/new.json}}}
        keystores:
          own: {identity: {self-signed: {subject: "CN=a, C=DE"}}, files: [{pse: {path: ./sub//client.pse}}]}
          key:
            identity: {service-key: k}
            trust: {endpoints: [e]}
            files:
              - pfx: {path: cert.pfx, password-credential: pw}
              - pem: {certificate: cert.pem, key: key.key}
            after-change: [[/usr/local/bin/tell-strust, "", "--x"]]
        """
      ).configuration)
    let key = try #require(configuration.serviceKey(named: "k"))
    #expect(key == ServiceKeySettings(name: "k", source: .file("/etc/certrotd/keys/new.json")))
    #expect(key.overlap == .seconds(48 * 3600) && key.verify == .token && key.renewBefore == .fraction(0.33))
    #expect(key.alertBefore == [day * 30, day * 14, day * 7, day * 3, day])
    let own = try #require(configuration.keystore(named: "own"))
    let selfSigned = SelfSignedSettings(subject: "CN=a, C=DE", validFor: day * 825, keyBits: .rsa2048)
    #expect(own.identity == .selfSigned(selfSigned))
    #expect(
      own.files == [FileSettings(format: .pse(PSEFileSettings(path: .inKeystore("sub/client.pse"))))])
    let store = try #require(configuration.keystore(named: "key"))
    #expect(store.overlap == day * 30 && store.trust.include == [.roots, .issuers])
    #expect(store.afterChange == [HookSettings(arguments: ["/usr/local/bin/tell-strust", "", "--x"])])
    #expect(store.afterChange.first?.deadline == .seconds(60))
    let pfx = PFXFileSettings(
      path: .inKeystore("cert.pfx"), password: .credential(.systemd(name: "pw")), profile: .modern, alias: "key")
    #expect(store.files.first?.format == .pfx(pfx))
    #expect(store.files.last?.format.paths == [.inKeystore("cert.pem"), .inKeystore("key.key")])
  }

  @Test func `only files that others write are watched`() throws {
    let reading = read(
      """
      endpoints: {e: {url: e.example, anchors: {bundle: /etc/certrotd/roots.pem}}}
      service-keys: {k: {from: {file: /etc/certrotd/keys/k.json}}}
      keystores:
        a:
          identity: {pem: {certificate: /etc/ssl/client.pem, key: /etc/ssl/client.key}}
          trust: {bundles: [/etc/certrotd/roots.pem]}
          files: [{pfx: {path: /usr/sap/ABC/D00/sec/a.pfx, password-credential: /etc/secret}}]
      """
    ) { $0.add("/etc/secret", "x", mode: 0o400) }
    let configuration = try #require(reading.configuration, "\(reading.mistakes)")
    #expect(
      configuration.watchedFiles == [
        "/etc/certrotd/keys/k.json", "/etc/certrotd/roots.pem", "/etc/ssl/client.key", "/etc/ssl/client.pem",
      ])
    #expect(configuration.credentialFiles == ["/etc/secret"])
  }

  @Test func `an entry that only moved has not changed`() throws {
    let before = try #require(read("endpoints: {a: {url: a.example}}").configuration)
    let after = try #require(read("\n\nendpoints:\n  a:\n    url: a.example:443\n").configuration)
    #expect(before == after)
    #expect(before.endpoints.first?.declared.line == 1)
    #expect(after.endpoints.first?.declared.line == 4)
  }

  @Test func `aliases repeat a value`() throws {
    let configuration = try #require(
      read(
        "endpoints:\n  a: {url: a.example, anchors: &x {bundle: /etc/certrotd/roots.pem}}\n  b: {url: b.example, anchors: *x}\n"
      )
      .configuration)
    #expect(configuration.endpoints.map(\.anchors) == Array(repeating: .bundle("/etc/certrotd/roots.pem"), count: 2))
  }
}
